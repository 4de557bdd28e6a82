/**
 * What clients publish on channels that are relayed: each message becomes a mutation without a cell, with a version, and stands in
 * the log between the writes before and behind it. What is too long is refused and counted by its channel.
 */
import { argumentText, type ArgumentView } from "@meridian/commands";
import { MutationKind, type Hlc, type Mutation } from "@meridian/words";
import { blankMutation } from "@meridian/wire";
import type { ChannelPatterns } from "./channel-patterns.js";
import { noteSilenced, type RegionCounters } from "../counters.js";

/** What relaying is told. */
export interface MessageOptions {
  /** Channels of which messages are published to the other regions, and of which theirs are accepted. */
  readonly channels: ChannelPatterns;
  /** Older messages are dropped where they arrive, in ms since they were captured in their region. */
  readonly ageMsMax: number;
  /** The longest message that is relayed, its channel counted in. */
  readonly bytesMax: number;
}

/** What capture gives to it. */
export interface LocalMessagesContext {
  readonly options: MessageOptions;
  readonly counters: RegionCounters;
  /** The version of the command at hand, and whether it goes on with a transaction. */
  readonly writes: { hlc: Hlc; continues: boolean };
  readonly beginCommand: () => void;
  /** Where the mutation goes. It is re-used. */
  readonly emit: (mutation: Mutation) => void;
}

/** See the module's comment. */
export class LocalMessages {
  readonly #context: LocalMessagesContext;
  readonly #mutation = blankMutation();

  constructor(context: LocalMessagesContext) {
    this.#context = context;
  }

  /** A PUBLISH of the stream. */
  take(view: ArgumentView): void {
    if (view.argc !== 3) return;
    const { options, counters, writes, beginCommand, emit } = this.#context;
    const channel = argumentText(view, 1);
    if (!options.channels.includes(channel)) return;
    const [start = 0, end = 0] = [view.starts[2], view.ends[2]];
    if (channel.length + end - start > options.bytesMax) {
      noteSilenced(counters, channel, `${channel.length + end - start} bytes are too long to be relayed`);
      return;
    }
    beginCommand();
    const m = this.#mutation;
    m.kind = MutationKind.Message;
    m.hlc = writes.hlc;
    m.continues = writes.continues;
    m.key = channel;
    m.bytes = view.buffer;
    m.valueStart = start;
    m.valueEnd = end;
    emit(m);
    writes.continues = true;
    counters.messages.relayed += 1;
  }
}
