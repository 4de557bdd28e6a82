/**
 * Skips the payload (an RDB) that a server sends after FULLRESYNC.
 *
 * Promises to find the payload's exact end for any split of the bytes, so that the stream byte directly behind it is
 * not lost: `$<length>` payloads by counting, `$EOF:<40 bytes>` payloads by their end marker, wherever the chunk borders
 * fall. Keep-alives before it are skipped. Refuses anything else. Pure. The payload itself is not looked at: values are
 * read at a position of the stream, never from here.
 */
import { MeridianError } from "@meridian/words";

/** Length of the random end marker of a diskless payload. */
export const END_MARKER_BYTES = 40;
/** "$EOF:", the marker, CR, LF; an error line may be longer. */
const HEADER_BYTES_MAX = 1024;
const LF = 10;

/** The line instead of a payload was an error of the server ("-..."). */
export type OnPayloadRefused = (text: string) => MeridianError;

/** See the module's comment. One object skips one payload. */
export class PayloadSkipper {
  readonly #onRefused: OnPayloadRefused;
  #header = "";
  #bytesLeft: number | undefined;
  #marker: Buffer | undefined;
  #tail: Buffer = Buffer.alloc(0);
  #bytes = 0;

  /** `onRefused` makes the error for a line "-..." in the payload's place; `push` throws it. */
  constructor(onRefused: OnPayloadRefused) {
    this.#onRefused = onRefused;
  }

  /** Bytes of payload skipped so far (the end marker included). */
  get bytes(): number {
    return this.#bytes;
  }

  /** How the payload ends; undefined while its header has not arrived. */
  get framing(): "length" | "marker" | undefined {
    return this.#marker !== undefined ? "marker" : this.#bytesLeft !== undefined ? "length" : undefined;
  }

  /**
   * Takes bytes of `chunk` beginning at `from`. Returns where the stream begins in it, or -1 where the payload goes on
   * beyond it. Throws `STREAM_PROTOCOL`.
   */
  push(chunk: Buffer, from = 0): number {
    let position = from;
    while (this.framing === undefined) {
      if (position >= chunk.length) return -1;
      const byte = chunk[position] as number;
      position += 1;
      if (byte !== LF) this.#header += String.fromCharCode(byte);
      else if (this.#header !== "") this.#readHeader();
      if (this.#header.length > HEADER_BYTES_MAX) this.#fail();
    }
    return this.#marker === undefined ? this.#skipCounted(chunk, position) : this.#skipMarked(chunk, position);
  }

  #readHeader(): void {
    const header = this.#header;
    const marked = /^\$EOF:([^]{40})\r$/.exec(header);
    const counted = /^\$(\d{1,15})\r$/.exec(header);
    if (marked !== null) this.#marker = Buffer.from(marked[1] as string, "latin1");
    else if (counted !== null) this.#bytesLeft = Number(counted[1]);
    else if (header.startsWith("-")) throw this.#onRefused(header.slice(1).trimEnd());
    else this.#fail();
  }

  #skipCounted(chunk: Buffer, from: number): number {
    const left = this.#bytesLeft as number;
    const skipped = Math.min(left, chunk.length - from);
    this.#bytesLeft = left - skipped;
    this.#bytes += skipped;
    return this.#bytesLeft === 0 ? from + skipped : -1;
  }

  #skipMarked(chunk: Buffer, from: number): number {
    const marker = this.#marker as Buffer;
    // a marker that began in earlier chunks can only end within the first 39 bytes of this one
    const border = Buffer.concat([this.#tail, chunk.subarray(from, from + END_MARKER_BYTES - 1)]);
    const across = border.indexOf(marker);
    const within = across >= 0 ? -1 : chunk.indexOf(marker, from);
    const end =
      across >= 0 ? from + across + END_MARKER_BYTES - this.#tail.length : within >= 0 ? within + END_MARKER_BYTES : -1;
    this.#bytes += (end < 0 ? chunk.length : end) - from;
    if (end < 0) {
      const rest = chunk.subarray(Math.max(from, chunk.length - END_MARKER_BYTES + 1));
      this.#tail = Buffer.from(Buffer.concat([this.#tail, rest]).subarray(1 - END_MARKER_BYTES));
    }
    return end;
  }

  #fail(): never {
    const shown = JSON.stringify(this.#header.slice(0, 60));
    throw new MeridianError("STREAM_PROTOCOL", `the server sent ${shown} where a payload must begin`, {
      advice: "report this server's kind and version: it announces its payload in a way that is not known",
    });
  }
}
