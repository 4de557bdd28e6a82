/**
 * A push parser for the command stream that a server sends to its replicas.
 *
 * Promises every command exactly once, in order, with the stream offset behind it, for any split of the bytes into
 * chunks; no allocation for a command that lies within a chunk; a value larger than a chunk is collected once, into a
 * buffer of its final size. Bare "\n" (keep-alives) are skipped and counted, as a replica counts them. Refuses, with
 * `STREAM_PROTOCOL` and the offset, whatever is not an array of bulk strings (https://redis.io/docs/reference/protocol-spec),
 * inline commands included: servers never send them to replicas. Pure: no I/O, no timers.
 */
import { protocolError } from "./protocol-error.js";

/**
 * The arguments of one command: argument i is `buffer[starts[i], ends[i])` for i < `argc`. Valid only during the
 * callback: the object, its arrays and sometimes its buffer are used again for the next command.
 */
export interface CommandView {
  readonly buffer: Buffer;
  readonly argc: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Receives a command and the stream offset behind its last byte. What it throws passes through `push`. */
export type OnCommand = (view: CommandView, endOffset: number) => void;

/** Arguments of one command. Redis itself stops at 2^31 - 1; a command of this many has 100 MB of framing alone. */
export const ARGUMENTS_MAX = 16 * 1024 * 1024;
/** Bytes of one argument: the server's own default limit (`proto-max-bulk-len`), doubled. */
export const ARGUMENT_BYTES_MAX = 1024 * 1024 * 1024;
/** Bytes of one command, so that 32-bit positions suffice. */
export const COMMAND_BYTES_MAX = 2 ** 31 - 1;
/** A carry buffer larger than this is given back after the command that needed it. */
const CARRY_KEPT_BYTES = 1024 * 1024;
const CARRY_FIRST_BYTES = 256;
/** Arguments that have a place from the beginning; more make it grow. */
const ARGUMENTS_FIRST = 16;
/** More digits cannot be a length within the limits above. */
const DIGITS_MAX = 10;

const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;
const ZERO = 48;

/** No value yet: the header's end, the bulk's length or the array's size has not arrived. */
const UNKNOWN = -1;

/** See the module's comment. After anything was thrown out of `push`, only {@link CommandParser.reset} makes it usable. */
export class CommandParser {
  readonly #onCommand: OnCommand;
  readonly #view: { -readonly [Field in keyof CommandView]: CommandView[Field] };
  #offset: number;

  // A command that is not yet complete: its bytes so far are carry[0, held); `index` arguments of `argc` are known; the
  // next header begins at `cursor`, or, where its length is known, the bulk ends at `bulkEnd`.
  #carry = Buffer.allocUnsafe(CARRY_FIRST_BYTES);
  #held = 0;
  #argc = UNKNOWN;
  #index = 0;
  #cursor = 0;
  #bulkEnd = UNKNOWN;
  #headerEnd = 0;

  /** `startOffset`: how many bytes of the stream lie before the first one that will be pushed. */
  constructor(onCommand: OnCommand, startOffset: number) {
    this.#onCommand = onCommand;
    this.#offset = startOffset;
    this.#view = { buffer: this.#carry, argc: 0, starts: new Int32Array(ARGUMENTS_FIRST), ends: new Int32Array(ARGUMENTS_FIRST) };
  }

  /** The stream offset behind the last complete command (and the keep-alives that followed it). */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes of an incomplete command that wait for their rest. */
  get heldBytes(): number {
    return this.#held;
  }

  /** Drops a partial command; the next byte pushed stands at `offset`. Not to be called from the callback. */
  reset(offset: number): void {
    this.#offset = offset;
    this.#dropPartial();
  }

  /** Delivers, before it returns, every command that `chunk` completes. Throws `STREAM_PROTOCOL`. The chunk is not kept. */
  push(chunk: Buffer): void {
    let position = 0;
    if (this.#held > 0) {
      position = this.#complete(chunk);
      if (position === UNKNOWN) return;
    }
    if (position < chunk.length) this.#scan(chunk, position);
  }

  /** The fast path: whole commands within the chunk. What remains is carried. */
  #scan(chunk: Buffer, from: number): void {
    const view = this.#view;
    const onCommand = this.#onCommand;
    const limit = chunk.length;
    const base = this.#offset - from; // stream offset of chunk[0]
    let begin = from;
    view.buffer = chunk;
    while (begin < limit) {
      if (chunk[begin] === LF) {
        begin += 1;
        this.#offset = base + begin;
        continue;
      }
      if (chunk[begin] !== STAR) this.#fail(chunk, begin, begin, "the '*' of a command");
      let argc = 0;
      let position = begin;
      let digit = (chunk[++position] as number) - ZERO; // past the end it is NaN, which no comparison takes for a digit
      while (digit >= 0 && digit <= 9) {
        argc = argc * 10 + digit;
        digit = (chunk[++position] as number) - ZERO;
      }
      const valid = argc > 0 && argc <= ARGUMENTS_MAX && position - begin <= DIGITS_MAX + 1;
      if (!valid || position + 1 >= limit || chunk[position] !== CR || chunk[position + 1] !== LF) {
        return this.#carryOver(chunk, begin, UNKNOWN, 0, begin, UNKNOWN);
      }
      const end = this.#scanArguments(chunk, begin, argc, position + 2);
      if (end === UNKNOWN) return;
      begin = end;
      this.#offset = base + end;
      view.argc = argc;
      onCommand(view, base + end);
    }
  }

  /** Finds the arguments of the command at `begin`, the first of them at `from`. UNKNOWN where it was carried over. */
  #scanArguments(chunk: Buffer, begin: number, argc: number, from: number): number {
    if (argc > this.#view.starts.length) this.#growArguments(argc);
    const { starts, ends } = this.#view;
    const limit = chunk.length;
    let position = from;
    for (let index = 0; index < argc; index++) {
      const header = position;
      let length = 0;
      let digit = (chunk[++position] as number) - ZERO;
      while (digit >= 0 && digit <= 9) {
        length = length * 10 + digit;
        digit = (chunk[++position] as number) - ZERO;
      }
      const digits = position - header - 1;
      const valid = chunk[header] === DOLLAR && digits > 0 && digits <= DIGITS_MAX && length <= ARGUMENT_BYTES_MAX;
      if (!valid || position + 1 >= limit || chunk[position] !== CR || chunk[position + 1] !== LF) {
        this.#carryOver(chunk, begin, argc, index, header, UNKNOWN);
        return UNKNOWN;
      }
      const start = position + 2;
      position = start + length;
      starts[index] = start;
      ends[index] = position;
      if (position + 2 > limit) {
        this.#carryOver(chunk, begin, argc, index, start, position);
        return UNKNOWN;
      }
      if (chunk[position] !== CR || chunk[position + 1] !== LF) this.#failBulk(chunk, begin, position);
      position += 2;
    }
    return position;
  }

  /** Keeps the beginning of a command that the chunk does not complete; also where an invalid header is looked at closely. */
  #carryOver(chunk: Buffer, begin: number, argc: number, index: number, cursor: number, bulkEnd: number): void {
    const { starts, ends } = this.#view;
    for (let known = 0; known <= index && known < argc; known++) {
      starts[known] = (starts[known] as number) - begin;
      ends[known] = (ends[known] as number) - begin;
    }
    this.#argc = argc;
    this.#index = index;
    this.#cursor = cursor - begin;
    this.#bulkEnd = bulkEnd === UNKNOWN ? UNKNOWN : bulkEnd - begin;
    if (bulkEnd !== UNKNOWN) {
      this.#reserve(bulkEnd + 2 - begin);
      this.#append(chunk, begin, chunk.length);
      this.#checkBulkEnd();
      return;
    }
    this.#append(chunk, begin, cursor);
    const position = this.#complete(chunk.subarray(cursor));
    if (position !== UNKNOWN) throw new Error("a command that the fast path left was complete");
  }

  /** The slow path: completes the carried command byte-exactly. Returns where the chunk goes on, or UNKNOWN at its end. */
  #complete(chunk: Buffer): number {
    let position = 0;
    for (;;) {
      if (this.#bulkEnd !== UNKNOWN) {
        const taken = Math.min(this.#bulkEnd + 2 - this.#held, chunk.length - position);
        this.#append(chunk, position, position + taken);
        position += taken;
        if (!this.#checkBulkEnd()) return UNKNOWN;
        if (this.#takeArgument()) return position;
      } else {
        if (position >= chunk.length) return UNKNOWN;
        this.#append(chunk, position, position + 1);
        position += 1;
        this.#readHeader();
      }
    }
  }

  /** Looks at the header line between `cursor` and `held`: leaves it incomplete, takes it, or throws. */
  #readHeader(): void {
    const isArray = this.#argc === UNKNOWN;
    const value = this.#headerValue(isArray ? STAR : DOLLAR);
    if (value === UNKNOWN) return;
    if (isArray) {
      if (value === 0 || value > ARGUMENTS_MAX) this.#fail(this.#carry, 0, 0, `a command of 1 to ${ARGUMENTS_MAX} arguments`);
      if (value > this.#view.starts.length) this.#growArguments(value);
      this.#argc = value;
      this.#cursor = this.#headerEnd;
      return;
    }
    const end = this.#headerEnd + value;
    if (value > ARGUMENT_BYTES_MAX || end + 2 > COMMAND_BYTES_MAX) {
      this.#fail(this.#carry, 0, this.#cursor, `an argument of at most ${ARGUMENT_BYTES_MAX} bytes`);
    }
    this.#view.starts[this.#index] = this.#headerEnd;
    this.#view.ends[this.#index] = end;
    this.#bulkEnd = end;
    this.#reserve(end + 2);
  }

  /** The number in the header at `cursor`, or UNKNOWN while it is incomplete; every byte there is checked at once. */
  #headerValue(type: number): number {
    const carry = this.#carry;
    const held = this.#held;
    let position = this.#cursor;
    if (carry[position] !== type) this.#fail(carry, 0, position, type === STAR ? "the '*' of a command" : "the '$' of an argument");
    position += 1;
    let value = 0;
    const first = position;
    for (; position < held; position++) {
      const digit = (carry[position] as number) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (position - first > DIGITS_MAX) this.#fail(carry, 0, position - 1, `at most ${DIGITS_MAX} digits`);
    if (position === held) return UNKNOWN;
    if (position === first || carry[position] !== CR) this.#fail(carry, 0, position, "a digit or the end of a length");
    position += 1;
    if (position === held) return UNKNOWN;
    if (carry[position] !== LF) this.#fail(carry, 0, position, "the line feed behind a length");
    this.#headerEnd = position + 1;
    return value;
  }

  /** Counts the argument whose bulk is complete; delivers where it was the last. */
  #takeArgument(): boolean {
    this.#index += 1;
    this.#cursor = this.#bulkEnd + 2;
    this.#bulkEnd = UNKNOWN;
    if (this.#index < this.#argc) return false;
    const view = this.#view;
    view.buffer = this.#carry;
    view.argc = this.#argc;
    this.#offset += this.#held;
    this.#dropPartial();
    this.#onCommand(view, this.#offset);
    return true;
  }

  #dropPartial(): void {
    if (this.#carry.length > CARRY_KEPT_BYTES) this.#carry = Buffer.allocUnsafe(CARRY_FIRST_BYTES);
    this.#held = 0;
    this.#argc = UNKNOWN;
    this.#index = 0;
    this.#cursor = 0;
    this.#bulkEnd = UNKNOWN;
  }

  #append(chunk: Buffer, from: number, to: number): void {
    this.#reserve(this.#held + to - from);
    if (to - from === 1) this.#carry[this.#held] = chunk[from] as number;
    else chunk.copy(this.#carry, this.#held, from, to);
    this.#held += to - from;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#carry.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(bytes, Math.min(this.#carry.length * 2, COMMAND_BYTES_MAX)));
    this.#carry.copy(larger, 0, 0, this.#held);
    this.#carry = larger;
  }

  #growArguments(argc: number): void {
    const view = this.#view;
    const size = Math.max(argc, view.starts.length * 2);
    view.starts = new Int32Array(size);
    view.ends = new Int32Array(size);
  }

  /** True once the carried bulk is complete with a right end; what arrived of its end is checked at once. */
  #checkBulkEnd(): boolean {
    const end = this.#bulkEnd;
    const missing = end + 2 - this.#held;
    if (missing <= 1 && this.#carry[end] !== CR) this.#failBulk(this.#carry, 0, end);
    if (missing <= 0 && this.#carry[end + 1] !== LF) this.#failBulk(this.#carry, 0, end);
    return missing <= 0;
  }

  #failBulk(buffer: Buffer, begin: number, end: number): never {
    const at = buffer[end] === CR ? end + 1 : end;
    this.#fail(buffer, begin, at, "the line end behind an argument");
  }

  /** `begin` is where the command begins in `buffer`, whose stream offset is the parser's; `at` where it is wrong. */
  #fail(buffer: Buffer, begin: number, at: number, expected: string): never {
    throw protocolError(this.#offset + at - begin, buffer[at], expected);
  }
}
