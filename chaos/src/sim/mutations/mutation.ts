/**
 * A mutation: a mistake put into our own code on purpose, to see that a checker catches it.
 *
 * It names a text of the compiled code and what takes its place. Whitespace is all one, so that a text may be moved and
 * indented anew; apart from that it must stand exactly once in its package. One that does not is an error, for a list
 * that nobody notices to be out of date proves nothing.
 */
import type { SimOptions } from "../settings.js";

/** One text and what takes its place. */
export interface Edit {
  /** The package whose compiled code holds the text: "region" is `libs/region`; "sim" is this simulator's own shell. */
  readonly in: string;
  readonly text: string;
  readonly becomes: string;
}

/** See the module's comment. */
export interface Mutation {
  /** Name for the command line: words joined with hyphens. */
  readonly name: string;
  /** What is wrong with the mutated code. */
  readonly breaks: string;
  readonly edits: readonly Edit[];
  /** What kind of runs meets the mistake soonest. */
  readonly options?: SimOptions;
  /** A seed that has shown it: tried first. Where it shows nothing any more, new ones are. */
  readonly caughtBy?: number;
}

/** Where a text stands in one file, as offsets; one element for each time. */
export function placesOf(text: string, code: string): readonly (readonly [from: number, to: number])[] {
  const words = text.trim().split(/\s+/).map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return [...code.matchAll(new RegExp(words.join("\\s+"), "g"))].map((match) => [match.index, match.index + match[0].length]);
}
