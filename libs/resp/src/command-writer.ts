/**
 * Commands as bytes: one at a time ({@link encodeCommand}) or many into one buffer ({@link CommandWriter}).
 *
 * Promises RESP arrays of bulk strings, binary-safe. Strings are "binary" (latin1): one char is one byte; a char above
 * 0xff is a mistake of the caller and throws, because sending other bytes than were meant would be worse. Numbers are
 * sent as JavaScript prints them. Bytes that were taken are never written again, so a socket may keep them as long as
 * it likes.
 */

/** One argument: bytes, a latin1 "binary" string, or a finite number. */
export type CommandArgument = Buffer | string | number;

/** Bytes of one slab of a {@link CommandWriter}; a command larger than this gets a slab of its own size. */
export const SLAB_BYTES = 256 * 1024;

const NO_BYTES = Buffer.alloc(0);
const CR = 13;
const LF = 10;
const STAR = 42;
const DOLLAR = 36;
const ZERO = 48;
/** Up to here a loop is faster than the call into native code. */
const COPY_LOOP_MAX = 64;
/** "*" or "$", ten digits, CR, LF. */
const HEADER_BYTES_MAX = 13;

/** Encodes one command, into the beginning of `into` where that is given and large enough, else into a new buffer. */
export function encodeCommand(args: readonly CommandArgument[], into?: Buffer): Buffer {
  const bound = encodedBytesMax(args);
  const target = into !== undefined && into.length >= bound ? into : Buffer.allocUnsafe(bound);
  return target.subarray(0, writeCommand(target, 0, args));
}

/** Writes commands one behind the other into slabs. */
export class CommandWriter {
  readonly #slabBytes: number;
  #slab = NO_BYTES;
  #start = 0;
  #end = 0;
  #commands = 0;

  constructor(slabBytes: number = SLAB_BYTES) {
    this.#slabBytes = slabBytes;
  }

  /** Bytes written and not yet taken. */
  get bytes(): number {
    return this.#end - this.#start;
  }

  /** Commands written and not yet taken. */
  get commands(): number {
    return this.#commands;
  }

  /** Appends one command. */
  command(args: readonly CommandArgument[]): void {
    this.#reserve(encodedBytesMax(args));
    this.#end = writeCommand(this.#slab, this.#end, args);
    this.#commands += 1;
  }

  /** Appends bytes that are RESP already. */
  raw(bytes: Buffer): void {
    this.#reserve(bytes.length);
    bytes.copy(this.#slab, this.#end);
    this.#end += bytes.length;
  }

  /** Everything written since the last take, in one piece; the caller owns it. */
  take(): Buffer {
    const taken = this.#slab.subarray(this.#start, this.#end);
    this.#start = this.#end;
    this.#commands = 0;
    return taken;
  }

  #reserve(more: number): void {
    if (this.#end + more <= this.#slab.length) return;
    const pending = this.#end - this.#start;
    // twice what is pending, so that one large batch is copied a few times at most
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#slabBytes, (pending + more) * (pending > 0 ? 2 : 1)));
    this.#slab.copy(larger, 0, this.#start, this.#end);
    this.#slab = larger;
    this.#start = 0;
    this.#end = pending;
  }
}

/** At least as many bytes as the command takes, and few more. */
function encodedBytesMax(args: readonly CommandArgument[]): number {
  let bytes = HEADER_BYTES_MAX + args.length * (HEADER_BYTES_MAX + 2);
  for (const argument of args) bytes += typeof argument === "number" ? 25 : argument.length;
  return bytes;
}

function writeCommand(into: Buffer, from: number, args: readonly CommandArgument[]): number {
  if (args.length === 0) throw new RangeError("a command has at least its name");
  let position = writeHeader(into, from, STAR, args.length);
  for (const argument of args) {
    position =
      typeof argument === "string"
        ? writeText(into, position, argument)
        : typeof argument === "number"
          ? writeText(into, position, numberText(argument))
          : writeBytes(into, position, argument);
    into[position] = CR;
    into[position + 1] = LF;
    position += 2;
  }
  return position;
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} cannot be an argument`);
  return String(value);
}

function writeText(into: Buffer, from: number, text: string): number {
  const { length } = text;
  const position = writeHeader(into, from, DOLLAR, length);
  if (length > COPY_LOOP_MAX) {
    if (/[^\x00-\xff]/.test(text)) throw new RangeError("a string argument holds a char above 0xff; encode it first");
    into.write(text, position, length, "latin1");
    return position + length;
  }
  let seen = 0;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    seen |= code;
    into[position + index] = code;
  }
  if (seen > 0xff) throw new RangeError("a string argument holds a char above 0xff; encode it first");
  return position + length;
}

function writeBytes(into: Buffer, from: number, bytes: Buffer): number {
  const { length } = bytes;
  const position = writeHeader(into, from, DOLLAR, length);
  if (length > COPY_LOOP_MAX) bytes.copy(into, position);
  else for (let index = 0; index < length; index++) into[position + index] = bytes[index] as number;
  return position + length;
}

function writeHeader(into: Buffer, from: number, type: number, value: number): number {
  into[from] = type;
  if (value < 10) {
    into[from + 1] = ZERO + value;
    into[from + 2] = CR;
    into[from + 3] = LF;
    return from + 4;
  }
  let digits = 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) digits += 1;
  let left = value;
  for (let position = from + digits; position > from; position--) {
    const tenth = Math.floor(left / 10);
    into[position] = ZERO + left - tenth * 10;
    left = tenth;
  }
  into[from + digits + 1] = CR;
  into[from + digits + 2] = LF;
  return from + digits + 3;
}
