/**
 * Reads big-endian fields from a buffer, in order, and refuses (`BAD_MARK`) to read past its end.
 * What it hands out as bytes shares memory with the buffer it reads.
 */
import { HLC_BYTES, MeridianError, readHlc, type Hlc } from "@meridian/words";

/** A position in a buffer that only moves forward. */
export class ByteCursor {
  readonly #bytes: Buffer;
  readonly #what: string;
  #at = 0;

  /** `what` names the thing in error messages: "mark", "read result". */
  constructor(bytes: Buffer, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  /** How many bytes were read. */
  get at(): number {
    return this.#at;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  u8(): number {
    return this.#bytes.readUInt8(this.#advance(1));
  }

  u16(): number {
    return this.#bytes.readUInt16BE(this.#advance(2));
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#advance(4));
  }

  /** A whole number kept as a double, because Lua has no other number. */
  whole(): number {
    const value = this.#bytes.readDoubleBE(this.#advance(8));
    if (!Number.isSafeInteger(value)) throw this.junk(`${value} is not a whole number`);
    return value;
  }

  hlc(): Hlc {
    return readHlc(this.#bytes, this.#advance(HLC_BYTES));
  }

  bytes(length: number): Buffer {
    const from = this.#advance(length);
    return this.#bytes.subarray(from, from + length);
  }

  /** `length` bytes as a binary string: one character per byte. */
  text(length: number): string {
    const from = this.#advance(length);
    return this.#bytes.toString("latin1", from, from + length);
  }

  /** The error for content that makes no sense at this place. */
  junk(reason: string, cause?: unknown): MeridianError {
    return new MeridianError("BAD_MARK", `${this.#what} is damaged at byte ${this.#at}: ${reason}`, {
      advice: "another program wrote under meridian:, or a newer agent ran here; keep clients away from that prefix",
      cause,
    });
  }

  #advance(length: number): number {
    const from = this.#at;
    if (from + length > this.#bytes.length) throw this.junk(`${length} bytes wanted, ${this.#bytes.length - from} left`);
    this.#at = from + length;
    return from;
  }
}
