/**
 * From an example of stream-examples.ts to the arguments that are sent: its keys get a prefix, and what only a server
 * can tell (a payload, a script's name) is asked for.
 *
 * Promises that every key of every example stands under the prefix; a test asks the server for the keys of each.
 */
import type { Example, ExampleCommand } from "./stream-examples.js";

/** What fills the gaps of examples. */
export interface ExampleContext {
  /** Stands before every key. */
  readonly prefix: string;
  /** The server's answer, for payloads and names of scripts. */
  readonly ask: (command: readonly (string | Buffer)[]) => Promise<Buffer>;
  /** Port of an empty second server, for MIGRATE. */
  readonly otherPort?: number;
}

/** The arguments of one command. Rejects where the server's answer does. */
export async function exampleWords(command: ExampleCommand, context: ExampleContext): Promise<Buffer[]> {
  const words: Buffer[] = [];
  for (const word of split(command)) words.push(await filled(word, context));
  return words;
}

/** The keys that an example names, without a prefix, each once. */
export function exampleKeys(example: Example): string[] {
  const words = example.flatMap((command) => [...split(command)]);
  return [...new Set(words.filter((word) => word.startsWith("@")).map((word) => word.slice(1)))];
}

function split(command: ExampleCommand): readonly string[] {
  return typeof command === "string" ? command.split(/ (?![^{]*\})/) : command;
}

async function filled(word: string, { prefix, ask, otherPort }: ExampleContext): Promise<Buffer> {
  if (word.startsWith("@")) return Buffer.from(prefix + word.slice(1));
  const [, name, argument = ""] = /^\{(\w+) ?(.*)\}$/s.exec(word) ?? [];
  if (name === "dump") return ask(["DUMP", prefix + argument.slice(1)]);
  if (name === "functions") return ask(["FUNCTION", "DUMP"]);
  if (name === "sha") return ask(["SCRIPT", "LOAD", argument]);
  return Buffer.from(name === "port" ? String(otherPort) : word);
}
