/**
 * Where commands write: standard output for results, standard error for progress and errors. An argument everywhere,
 * so that a test sees what a person would see.
 */
import pc from "picocolors";

/** Colours, or plain text where the output is no terminal. */
export type Palette = ReturnType<typeof pc.createColors>;

/** The two streams and what is known of them. */
export interface Terminal {
  /** Writes to standard output, as it is. */
  out(text: string): void;
  /** Writes to standard error, as it is. */
  err(text: string): void;
  readonly outIsTerminal: boolean;
  readonly errIsTerminal: boolean;
  /** Colours for standard output. */
  readonly color: Palette;
  /** Colours for standard error. */
  readonly errColor: Palette;
}

/** The terminal of this process. `NO_COLOR` and `FORCE_COLOR` are respected. */
export function processTerminal(): Terminal {
  const allowed = pc.isColorSupported;
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    outIsTerminal: process.stdout.isTTY === true,
    errIsTerminal: process.stderr.isTTY === true,
    color: pc.createColors(allowed && process.stdout.isTTY === true),
    errColor: pc.createColors(allowed && process.stderr.isTTY === true),
  };
}

/** A terminal that remembers, for tests. */
export class RecordedTerminal implements Terminal {
  readonly color = pc.createColors(false);
  readonly errColor = pc.createColors(false);
  readonly errIsTerminal = false;
  readonly outIsTerminal: boolean;
  stdout = "";
  stderr = "";

  constructor(outIsTerminal = false) {
    this.outIsTerminal = outIsTerminal;
  }

  out(text: string): void {
    this.stdout += text;
  }

  err(text: string): void {
    this.stderr += text;
  }
}
