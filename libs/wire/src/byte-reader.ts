/** Reads what `ByteWriter` wrote. Throws `BAD_RECORD` where the bytes end early. */
import { HLC_BYTES, MeridianError, readHlc, type Hlc } from "@meridian/words";
import { LARGE_BITS, LARGE_SIGN } from "./byte-writer.js";

/** A cursor over a buffer. */
export class ByteReader {
  readonly bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    const value = this.bytes[this.at];
    if (value === undefined) throw truncated(this.at);
    this.at += 1;
    return value;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count += 1) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw truncated(this.at);
  }

  text(): string {
    const end = this.#span(this.varint());
    const value = this.bytes.toString("latin1", this.at, end);
    this.at = end;
    return value;
  }

  /** Moves over `length` bytes; returns where they end. */
  skip(length: number): number {
    this.at = this.#span(length);
    return this.at;
  }

  /** A copy of a slice. */
  copy(): Buffer {
    const length = this.varint();
    const start = this.at;
    return Buffer.from(this.bytes.subarray(start, this.skip(length)));
  }

  double(): number {
    const end = this.#span(8);
    const value = this.bytes.readDoubleBE(this.at);
    this.at = end;
    return value;
  }

  hlc(): Hlc {
    const end = this.#span(HLC_BYTES);
    const value = readHlc(this.bytes, this.at);
    this.at = end;
    return value;
  }

  bigint(): bigint {
    const text = this.text();
    if (!/^-?\d+\*?$/.test(text)) throw truncated(this.at);
    return text.endsWith(LARGE_SIGN) ? BigInt(text.slice(0, -1)) << LARGE_BITS : BigInt(text);
  }

  #span(length: number): number {
    const end = this.at + length;
    if (end > this.bytes.length) throw truncated(this.at);
    return end;
  }
}

function truncated(at: number): MeridianError {
  return new MeridianError("BAD_RECORD", `bytes end or are malformed at ${at}`, {
    advice: "the record was damaged or written by a newer version; check the log and the agents' versions",
  });
}
