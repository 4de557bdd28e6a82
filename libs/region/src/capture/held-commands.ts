/**
 * Commands of the stream that wait, in their order, because one at their head waits for what another source says of it. Copied,
 * for the parser uses its bytes again. Bounding them is the owner's business: {@link HeldCommands.bytes}.
 */
import type { CommandView } from "@meridian/resp";
import { Fifo } from "./fifo.js";

/** One of them. */
export interface HeldCommand {
  readonly view: CommandView;
  readonly endOffset: number;
  /** The server dropped its key to make room: of a DEL or UNLINK of which that is known. */
  readonly isEviction: boolean;
}

/** See the module's comment. */
export class HeldCommands {
  readonly #commands = new Fifo<HeldCommand>();
  /** Bytes of all of them. */
  bytes = 0;

  get length(): number {
    return this.#commands.length;
  }

  get first(): HeldCommand | undefined {
    return this.#commands.first;
  }

  push(view: CommandView, endOffset: number, isEviction = false): void {
    const [begin = 0, end = 0] = [view.starts[0], view.ends[view.argc - 1]];
    const shifted = (places: Int32Array): Int32Array => places.slice(0, view.argc).map((place) => place - begin);
    const buffer = Buffer.from(view.buffer.subarray(begin, end));
    const kept = { buffer, argc: view.argc, starts: shifted(view.starts), ends: shifted(view.ends) };
    this.#commands.push({ view: kept, endOffset, isEviction });
    this.bytes += buffer.length;
  }

  /** Hands over from the first on, as long as `take` takes them. */
  drain(take: (command: HeldCommand) => boolean): void {
    for (let next = this.#commands.first; next && take(next); next = this.#commands.first) {
      this.#commands.shift();
      this.bytes -= next.view.buffer.length;
    }
  }
}
