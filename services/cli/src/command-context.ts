/**
 * What every command is given: where to write, when to stop, where meshes announce themselves, and where the exit code
 * goes. Commands start nothing at import and read nothing from the environment by themselves.
 */
import { InvalidArgumentError, type Command } from "commander";
import type { ExitCode } from "./exit-code.js";
import type { Terminal } from "./terminal.js";

/** See the module's comment. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Fires on the first Ctrl-C or SIGTERM. */
  readonly stop: AbortSignal;
  /** Where running meshes announce themselves (mesh/mesh-file.ts). */
  readonly meshFolder: string;
  /** Sets the exit code; the first one that is not 0 stays. */
  exit(code: ExitCode): void;
}

/** Adds one command to the program. */
export type AddCommand = (program: Command, context: CommandContext) => void;

/** `eu,us,ap` as a list. For commander. */
export function listArgument(text: string): string[] {
  const items = text.split(",").map((item) => item.trim());
  if (items.some((item) => item === "")) throw new InvalidArgumentError("Expected names with commas between them.");
  return items;
}

/** A whole number between two limits. For commander. */
export function wholeArgument(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!(value >= min && value <= max)) throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
    return value;
  };
}

/** A number of seconds, fractions allowed. For commander. */
export function secondsArgument(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= min && value <= max)) {
      throw new InvalidArgumentError(`Expected seconds from ${min} to ${max}.`);
    }
    return value;
  };
}
