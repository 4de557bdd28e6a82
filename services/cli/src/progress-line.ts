/**
 * One line on standard error that is rewritten while something long goes on.
 *
 * On a terminal the line replaces itself, at most {@link REDRAWS_PER_SECOND_MAX} times a second. Elsewhere only
 * {@link ProgressLine.milestone} is shown, so that a log file holds lines and no control characters.
 */
import type { Terminal } from "./terminal.js";

const REDRAWS_PER_SECOND_MAX = 10;
const ERASE_LINE = "\r\u001b[K";

/** A line of progress. */
export class ProgressLine {
  readonly #terminal: Terminal;
  readonly #nowMs: () => number;
  #drawnAtMs = -Infinity;
  #shown = false;

  constructor(terminal: Terminal, nowMs: () => number = () => performance.now()) {
    this.#terminal = terminal;
    this.#nowMs = nowMs;
  }

  /** Replaces the line; dropped where the last redraw was a moment ago or there is no terminal. */
  update(text: string): void {
    if (!this.#terminal.errIsTerminal) return;
    const nowMs = this.#nowMs();
    if (nowMs - this.#drawnAtMs < 1_000 / REDRAWS_PER_SECOND_MAX) return;
    this.#drawnAtMs = nowMs;
    this.#shown = true;
    this.#terminal.err(`${ERASE_LINE}${text}`);
  }

  /** Removes the line and writes one that stays. */
  milestone(text: string): void {
    this.clear();
    this.#terminal.err(`${text}\n`);
  }

  /** Removes the line. */
  clear(): void {
    if (!this.#shown) return;
    this.#shown = false;
    this.#drawnAtMs = -Infinity;
    this.#terminal.err(ERASE_LINE);
  }
}
