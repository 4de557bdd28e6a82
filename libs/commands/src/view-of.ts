/** Commands for tests of this package: an {@link ArgumentView} over arguments given as text. */
import type { ArgumentView } from "./argument-view.js";

/** A view of these arguments, one byte per character, laid out as in a stream. */
export function viewOf(...args: readonly string[]): ArgumentView {
  const starts: number[] = [];
  const ends: number[] = [];
  let text = `*${args.length}\r\n`;
  for (const argument of args) {
    text += `$${argument.length}\r\n`;
    starts.push(text.length);
    text += argument;
    ends.push(text.length);
    text += "\r\n";
  }
  return { buffer: Buffer.from(text, "latin1"), argc: args.length, starts, ends };
}
