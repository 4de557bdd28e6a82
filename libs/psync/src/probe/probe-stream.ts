/**
 * The part of a replication stream that a probe caused: other clients' commands are passed over, and the server's changes of
 * the database, transactions are taken as wholes, and an end mark tells where an example's part ends.
 */
import { CommandParser } from "@meridian/resp";

/** Keys of the probe begin with this; it is within the prefix that is never replicated. */
export const PROBE_PREFIX = "meridian:probe:";
/** Set after each example; its value says which. */
export const PROBE_END = `${PROBE_PREFIX}end`;

type Arguments = readonly string[];

/** See the module's comment. */
export class ProbeStream {
  readonly #parser: CommandParser;
  readonly #unit: Arguments[] = [];
  #inTransaction = false;
  #carried: Arguments[] = [];
  #awaited: { readonly mark: string; readonly resolve: (carried: readonly Arguments[]) => void } | undefined;

  constructor() {
    this.#parser = new CommandParser((view) => {
      const words: string[] = [];
      for (let at = 0; at < view.argc; at += 1) words.push(view.buffer.toString("latin1", view.starts[at], view.ends[at]));
      this.#take(words);
    }, 0);
  }

  /** Bytes of the stream, in order. Throws `STREAM_PROTOCOL`. */
  push(chunk: Buffer): void {
    this.#parser.push(chunk);
  }

  /** What the stream carries up to the end mark of this value. One at a time. */
  until(mark: string): Promise<readonly Arguments[]> {
    return new Promise((resolve) => (this.#awaited = { mark, resolve }));
  }

  #take(words: Arguments): void {
    const name = (words[0] ?? "").toUpperCase();
    // Where others write in another database, the server selects ours again, in the midst of a transaction too: no form's part.
    if (name === "SELECT") return;
    if (name === "MULTI") this.#inTransaction = true;
    this.#unit.push(words);
    if (name === "EXEC") this.#inTransaction = false;
    if (this.#inTransaction) return;
    const unit = this.#unit.splice(0);
    if (!unit.some((command) => command.some((word) => word.startsWith(PROBE_PREFIX)))) return;
    const end = unit.find((command) => command[1] === PROBE_END && command.length === 3);
    if (end === undefined) this.#carried.push(...unit);
    else if (end[2] === this.#awaited?.mark) this.#finish();
  }

  #finish(): void {
    const carried = this.#carried;
    this.#carried = [];
    this.#awaited?.resolve(carried);
    this.#awaited = undefined;
  }
}
