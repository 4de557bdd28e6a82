/** What heartbeats say of changes of the policies, as a message and back. Decides nothing: libs/region does. */
import { parseWriterId, type WriterId } from "@meridian/words";
import Long from "long";
import type { meridian } from "#gen/record.js";

/** One row of a table: a prefix as a binary string, and what holds for it, as it is written. */
export interface PolicyLine {
  readonly prefix: string;
  readonly policy: string;
}

/** See the module's comment. */
export interface PolicySaid {
  /** How many changes the writer has gone through. */
  readonly version: number;
  /** The last change that it has proposed itself. */
  readonly round: number;
  /** The table that it proposes; undefined: it does not, or not any more. */
  readonly proposed: readonly PolicyLine[] | undefined;
  /** Whose proposal it has answered; `refusal` empty: it goes along. */
  readonly answer: { readonly to: WriterId; readonly round: number; readonly refusal: string } | undefined;
}

type Message = meridian.v1.PolicySaid.$Properties;

/** Encodes what is said. */
export function policyMessage({ version, round, proposed, answer }: PolicySaid): Message {
  return {
    version,
    round: Long.fromNumber(round, true),
    ...(proposed && { proposes: true, rows: proposed.map(({ prefix, policy }) => ({ prefix: Buffer.from(prefix, "latin1"), policy })) }),
    ...(answer && { answerTo: answer.to, answerRound: Long.fromNumber(answer.round, true), refusal: answer.refusal }),
  };
}

/** Decodes it. Throws a `RangeError` for names that are none. */
export function policyOf({ version, round, proposes, rows, answerTo, answerRound, refusal }: Message): PolicySaid {
  return {
    version: version ?? 0,
    round: round?.toNumber() ?? 0,
    proposed: proposes ? (rows ?? []).map(lineOf) : undefined,
    answer: answerTo ? { to: parseWriterId(answerTo), round: answerRound?.toNumber() ?? 0, refusal: refusal ?? "" } : undefined,
  };
}

function lineOf({ prefix, policy }: meridian.v1.PolicyRow.$Properties): PolicyLine {
  const bytes = prefix ?? new Uint8Array();
  return { prefix: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1"), policy: policy ?? "" };
}
