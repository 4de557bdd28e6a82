/**
 * A push parser for replies (RESP2: simple strings, errors, integers, bulks, arrays in any depth up to a limit).
 *
 * Promises every reply once, in order, for any split of the bytes; a bulk is collected once, into a buffer of its own
 * that may be kept. Refuses, with `STREAM_PROTOCOL` and the offset in the connection, whatever else arrives: RESP3 is
 * only spoken to those who ask for it, and we do not. Pure: no I/O, no timers.
 */
import { protocolError } from "./protocol-error.js";

/** An error that the server sent as a reply. A value, not thrown: in an array, the other elements count too. */
export class ReplyError {
  /** The whole text, for example "ERR unknown command". */
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }

  /** The first word, for example "NOSCRIPT". */
  get code(): string {
    const space = this.message.indexOf(" ");
    return space < 0 ? this.message : this.message.slice(0, space);
  }
}

/** A reply: simple string, integer (a bigint beyond 2^53), bulk, null, error or array of replies. */
export type Reply = string | number | bigint | Buffer | null | ReplyError | Reply[];

/** Bytes of a line (simple string, error, integer or length). */
export const REPLY_LINE_BYTES_MAX = 64 * 1024;
/** Bytes of one bulk reply. */
export const REPLY_BULK_BYTES_MAX = 1024 * 1024 * 1024;
/** Elements of one array. */
export const REPLY_ELEMENTS_MAX = 16 * 1024 * 1024;
/** Arrays within arrays. */
export const REPLY_DEPTH_MAX = 32;

const CR = 13;
const LF = 10;

interface OpenArray {
  readonly items: Reply[];
  missing: number;
}

/** See the module's comment. After anything was thrown out of `push` it is of no more use. */
export class ReplyParser {
  readonly #onReply: (reply: Reply) => void;
  readonly #open: OpenArray[] = [];
  #line: Buffer | undefined;
  #bulk: Buffer | undefined;
  #bulkFilled = 0;
  #offset = 0;

  constructor(onReply: (reply: Reply) => void) {
    this.#onReply = onReply;
  }

  /** Delivers, before it returns, every reply that `chunk` completes. Throws `STREAM_PROTOCOL`. The chunk is not kept. */
  push(chunk: Buffer): void {
    let position = 0;
    while (position < chunk.length) {
      position = this.#bulk === undefined ? this.#takeLine(chunk, position) : this.#fillBulk(chunk, position);
    }
    this.#offset += chunk.length;
  }

  #takeLine(chunk: Buffer, from: number): number {
    const lineFeed = chunk.indexOf(LF, from);
    const end = lineFeed < 0 ? chunk.length : lineFeed + 1;
    const heldBytes = this.#line?.length ?? 0;
    if (heldBytes + end - from > REPLY_LINE_BYTES_MAX) this.#fail(from, chunk, `a line of at most ${REPLY_LINE_BYTES_MAX} bytes`);
    const piece = chunk.subarray(from, end);
    const line = this.#line === undefined ? piece : Buffer.concat([this.#line, piece]);
    if (lineFeed < 0) {
      this.#line = this.#line === undefined ? Buffer.from(line) : line;
      return end;
    }
    this.#line = undefined;
    if (line[line.length - 2] !== CR) this.#fail(lineFeed, chunk, "the carriage return of a line end");
    this.#onLine(line, from, chunk, end);
    return end;
  }

  #onLine(line: Buffer, at: number, chunk: Buffer, end: number): void {
    switch (String.fromCharCode(line[0] as number)) {
      case "+":
        return this.#onValue(line.toString("latin1", 1, line.length - 2));
      case "-":
        return this.#onValue(new ReplyError(line.toString("utf8", 1, line.length - 2)));
      case ":":
        return this.#onValue(this.#integer(line, at, chunk));
      case "$": {
        const length = this.#length(line, at, chunk, REPLY_BULK_BYTES_MAX);
        if (length < 0) return this.#onValue(null);
        this.#bulk = Buffer.allocUnsafe(length + 2);
        this.#bulkFilled = 0;
        return;
      }
      case "*": {
        const count = this.#length(line, at, chunk, REPLY_ELEMENTS_MAX);
        if (count < 0) return this.#onValue(null);
        if (count === 0) return this.#onValue([]);
        if (this.#open.length === REPLY_DEPTH_MAX) this.#fail(at, chunk, `arrays in a depth of at most ${REPLY_DEPTH_MAX}`);
        this.#open.push({ items: [], missing: count });
        return;
      }
      default:
        this.#fail(end - line.length, chunk, "the type of a reply");
    }
  }

  #fillBulk(chunk: Buffer, from: number): number {
    const bulk = this.#bulk as Buffer;
    const taken = Math.min(bulk.length - this.#bulkFilled, chunk.length - from);
    chunk.copy(bulk, this.#bulkFilled, from, from + taken);
    this.#bulkFilled += taken;
    if (this.#bulkFilled < bulk.length) return from + taken;
    this.#bulk = undefined;
    const length = bulk.length - 2;
    if (bulk[length] !== CR || bulk[length + 1] !== LF) this.#fail(from + taken - 1, chunk, "the line end behind a bulk");
    this.#onValue(bulk.subarray(0, length));
    return from + taken;
  }

  /** A complete value: an element of the innermost open array, or a reply. */
  #onValue(complete: Reply): void {
    let value = complete;
    for (;;) {
      const innermost = this.#open.at(-1);
      if (innermost === undefined) return this.#onReply(value);
      innermost.items.push(value);
      innermost.missing -= 1;
      if (innermost.missing > 0) return;
      this.#open.pop();
      value = innermost.items;
    }
  }

  #integer(line: Buffer, at: number, chunk: Buffer): number | bigint {
    const text = line.toString("latin1", 1, line.length - 2);
    if (!/^[+-]?\d{1,19}$/.test(text)) this.#fail(at, chunk, "a 64-bit integer");
    const value = Number(text);
    return Number.isSafeInteger(value) ? value : BigInt(text);
  }

  #length(line: Buffer, at: number, chunk: Buffer, max: number): number {
    const value = this.#integer(line, at, chunk);
    if (value < -1 || value > max) this.#fail(at, chunk, `a length of at most ${max}`);
    return Number(value);
  }

  #fail(at: number, chunk: Buffer, expected: string): never {
    throw protocolError(this.#offset + at, chunk[at], expected);
  }
}
