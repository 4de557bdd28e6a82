/**
 * Counts replies that hold no bulk (simple strings, integers, errors), whatever the split of the bytes. ZINCRBY's bulk
 * is counted too, because it takes two lines of which only the first begins with `$`.
 */

const LF = 10;
const MINUS = 45;
const DOLLAR = 36;

/** Counts. */
export class ReplyCounter {
  #lineStart = true;
  /** The line at hand is the header of a bulk. */
  #header = false;
  replies = 0;
  errors = 0;

  /** Takes a chunk of the connection. */
  push(chunk: Buffer): void {
    let position = 0;
    while (position < chunk.length) {
      if (this.#lineStart) this.#beginLine(chunk[position]!);
      const end = chunk.indexOf(LF, position);
      if (end < 0) return;
      if (!this.#header) this.replies += 1;
      this.#lineStart = true;
      position = end + 1;
    }
  }

  #beginLine(first: number): void {
    const isContent = this.#header; // a score may begin with a minus
    this.#header = !isContent && first === DOLLAR;
    if (first === MINUS && !isContent) this.errors += 1;
    this.#lineStart = false;
  }
}
