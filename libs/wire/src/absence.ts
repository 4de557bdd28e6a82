/** What heartbeats say of regions that stay away, as a message and back. Decides nothing: libs/region does. */
import { parseWriterId, type Hlc, type WriterId } from "@meridian/words";
import type { meridian } from "#gen/record.js";
import { fromLong, toLong } from "./version-long.js";
import Long from "long";

/** A version up to which a writer's log counts. */
export interface Cut {
  readonly writer: WriterId;
  readonly version: Hlc;
}

/** See the module's comment. */
export interface AbsenceSaid {
  /** The last question that the writer has asked, and whom it is about; nobody: it is over. */
  readonly round: number;
  readonly asked: readonly WriterId[];
  /** Whose question it has answered, and up to where it has received the absent. */
  readonly answer: { readonly to: WriterId; readonly round: number; readonly received: readonly Cut[] } | undefined;
  readonly fenced: readonly Cut[];
}

type Message = meridian.v1.Absence.$Properties;

/** Encodes what is said. */
export function absenceMessage({ round, asked, answer, fenced }: AbsenceSaid): Message {
  return {
    round: Long.fromNumber(round, true),
    asked: [...asked],
    ...(answer && { answerTo: answer.to, answerRound: Long.fromNumber(answer.round, true), received: answer.received.map(cutMessage) }),
    fenced: fenced.map(cutMessage),
  };
}

/** Decodes it. Throws a `RangeError` for names that are none. */
export function absenceOf({ round, asked, answerTo, answerRound, received, fenced }: Message): AbsenceSaid {
  const to = answerTo ? parseWriterId(answerTo) : undefined;
  return {
    round: round?.toNumber() ?? 0,
    asked: (asked ?? []).map(parseWriterId),
    answer: to && { to, round: answerRound?.toNumber() ?? 0, received: (received ?? []).map(cutOf) },
    fenced: (fenced ?? []).map(cutOf),
  };
}

function cutMessage({ writer, version }: Cut): meridian.v1.Cut.$Properties {
  return { writer, version: toLong(version) };
}

function cutOf({ writer, version }: meridian.v1.Cut.$Properties): Cut {
  return { writer: parseWriterId(writer ?? ""), version: fromLong(version) };
}
