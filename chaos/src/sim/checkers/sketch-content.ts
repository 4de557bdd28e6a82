/**
 * What a string holds, as the checkers compare it: of a HyperLogLog only its registers, for servers may store the same in
 * different bytes. Read here from the published format, without the merge library.
 */

const REGISTERS = 16_384;
const HEAD_BYTES = 16;
/** Contents of sketches begin so; each register that is not zero follows as `index:value`. */
const SKETCH = "sketch ";

/** Registers that are not zero, by index. */
export type Registers = ReadonlyMap<number, number>;

/** Contents of sketches read lately: the checkers look at the same ones over and over. */
const READ_MAX = 64;
const read = new Map<string, string>();

/** A string's content: itself, or a sketch's registers as a text. */
export function contentOfString(value: string): string {
  if (!value.startsWith("HYLL")) return value;
  let content = read.get(value);
  if (content === undefined) {
    const registers = registersOf(value);
    content = registers ? textOfRegisters(registers) : value;
    if (read.size >= READ_MAX) read.clear();
    read.set(value, content);
  }
  return content;
}

/** Registers as a text that is equal exactly where they are. */
export function textOfRegisters(registers: Registers): string {
  return SKETCH + [...registers].sort(([a], [b]) => a - b).map(([index, value]) => `${index}:${value}`).join(" ");
}

/** True for the content of a sketch. */
export function isSketchContent(content: string | undefined): boolean {
  return content?.startsWith(SKETCH) === true;
}

/** True where the sketch `more` has every register at least as high as `less`; both are contents. */
export function includesSketch(more: string, less: string): boolean {
  const high = parsed(more);
  return [...parsed(less)].every(([index, value]) => (high.get(index) ?? 0) >= value);
}

function parsed(content: string): Registers {
  const words = content.slice(SKETCH.length).split(" ").filter(Boolean);
  return new Map(words.map((word) => word.split(":").map(Number) as [number, number]));
}

/** The registers of a stored sketch; undefined where the string is none. */
export function registersOf(value: string): Registers | undefined {
  if (!value.startsWith("HYLL") || value.length <= HEAD_BYTES) return undefined;
  const body = value.slice(HEAD_BYTES);
  return value.charCodeAt(4) === 0 ? denseRegisters(body) : sparseRegisters(body);
}

function denseRegisters(body: string): Registers | undefined {
  if (body.length !== (REGISTERS * 6) / 8) return undefined;
  const found = new Map<number, number>();
  for (let index = 0; index < REGISTERS; index += 1) {
    const bit = index * 6;
    const at = bit >> 3;
    const value = ((body.charCodeAt(at) | ((body.charCodeAt(at + 1) || 0) << 8)) >> (bit & 7)) & 63;
    if (value > 0) found.set(index, value);
  }
  return found;
}

function sparseRegisters(body: string): Registers | undefined {
  const found = new Map<number, number>();
  let index = 0;
  for (let at = 0; at < body.length; at += 1) {
    const code = body.charCodeAt(at);
    if (code >= 0x80) {
      for (let left = code & 3; left >= 0; left -= 1, index += 1) found.set(index, ((code >> 2) & 31) + 1);
    } else if (code >= 0x40) {
      at += 1;
      index += (((code & 63) << 8) | body.charCodeAt(at)) + 1;
    } else index += code + 1;
  }
  return index === REGISTERS ? found : undefined;
}
