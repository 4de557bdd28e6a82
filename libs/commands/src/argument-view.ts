/**
 * The arguments of one command as the RESP parser hands them out: offsets into a buffer, nothing copied. Declared here
 * by shape because the table needs no parser.
 */

/** Argument `i` is `buffer[starts[i], ends[i])`; argument 0 is the command's name. Valid only while the parser says so. */
export interface ArgumentView {
  readonly buffer: Buffer;
  readonly argc: number;
  readonly starts: { readonly [index: number]: number };
  readonly ends: { readonly [index: number]: number };
}

/** Whether `buffer[start, end)` is `name` (lower case) in any case. */
export function isWord(buffer: Buffer, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    const byte = buffer[start + i] ?? 0;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (lower !== name.charCodeAt(i)) return false;
  }
  return true;
}

/** {@link isWord} for an argument of a view. */
export function argumentIs(view: ArgumentView, index: number, name: string): boolean {
  return isWord(view.buffer, view.starts[index] ?? 0, view.ends[index] ?? 0, name);
}

/** Argument `index` as text, one character per byte. */
export function argumentText(view: ArgumentView, index: number): string {
  return view.buffer.toString("latin1", view.starts[index] ?? 0, view.ends[index] ?? 0);
}
