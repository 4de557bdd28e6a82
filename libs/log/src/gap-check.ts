/**
 * Proves, entry by entry, that a reader misses nothing.
 *
 * Every entry carries its writer's sequence number. Going forward it may repeat (a batch was sent again) but never jump
 * by more than one: a jump means that retention, an operator, or a log server that lost its tail removed entries
 * which this reader has not seen. A sequence that was begun anew in an empty log must name, as what stood there last,
 * an entry which this reader has passed.
 */
import { MeridianError, type WriterId } from "@meridian/words";
import type { StoredEntry } from "./entry.js";
import { compareRaw, type EntryPoint } from "./position.js";

/** The check for one reader. */
export class GapCheck {
  readonly #writer: WriterId;
  #last: EntryPoint | undefined;

  /** `from` is where the reader stands; undefined: at the beginning, where whatever is there is accepted. */
  constructor(writer: WriterId, from: EntryPoint | undefined) {
    this.#writer = writer;
    this.#last = from;
  }

  /** The furthest entry that was accepted. */
  get last(): EntryPoint | undefined {
    return this.#last;
  }

  /** Accepts the next entry. Throws `RECORD_GAP`. */
  accept(entry: StoredEntry): void {
    const { session, sequence, anew } = entry.header;
    const last = this.#last;
    const restarted = last !== undefined && anew !== undefined && session !== last.session;
    if (restarted) {
      if (anew === "" || compareRaw(last.raw, anew) < 0) throw recordGap(this.#writer, last.raw, "the log was emptied");
    } else if (last !== undefined && sequence > last.sequence + 1) {
      throw recordGap(this.#writer, last.raw, `${sequence - last.sequence - 1} entries after it are missing`);
    }
    const repeated = last !== undefined && !restarted && sequence <= last.sequence;
    this.#last = repeated
      ? { raw: entry.raw, sequence: last.sequence, session: last.session }
      : { raw: entry.raw, sequence, session };
  }
}

/** Records that a reader has not seen are gone. */
export function recordGap(writer: WriterId, position: string, what: string): MeridianError {
  return new MeridianError("RECORD_GAP", `the log of ${writer} does not go on after position ${position}: ${what}`, {
    advice:
      "this reader was away for longer than the log's retention, or the log lost data: " +
      "rebuild this region from a peer, then raise the retention",
  });
}
