/**
 * The notation of a row's `stream` column, and its matcher: what a replication stream carries for a command, written so
 * that a test, and the agent's probe of an unknown server, can hold it against a real one.
 *
 *     as sent | SET key value PXAT <ms> | MULTI; SREM key member...; ...; EXEC | nothing
 *
 * Alternatives are divided by ` | `, commands by `; `. `as sent`: the client's own arguments, the name in any case.
 * `nothing`: no command. UPPER-CASE words, digits and `=` stand for themselves in any case; lower-case words for any one
 * argument; `word...` for one or more; `word*` for any number; `<ms>` for a number; the command `...` for any number of
 * further ones like the last. DEL also stands for UNLINK, which servers with lazyfree on send in its place.
 * An alternative that ends in ` @>=7.2` or ` @<7.2` is that of such versions only. `not observed`, `by subcommand`: no
 * claim.
 */
import { compareVersions } from "./server-version.js";

/** One command as a list of arguments. */
export type Arguments = readonly string[];

const VERSION_BOUND = /^(?<alternative>.*) @(?<relation><|>=)(?<bound>[\d.]+)$/;
const NO_CLAIM = new Set(["not observed", "by subcommand"]);

/** The alternatives of a form, of every version or of the given one; none where it claims nothing. */
export function alternativesOf(form: string, version?: string): readonly string[] {
  if (NO_CLAIM.has(form)) return [];
  return form.split(" | ").flatMap((text) => {
    const { alternative = text, relation, bound } = VERSION_BOUND.exec(text)?.groups ?? {};
    if (version === undefined || bound === undefined) return [alternative];
    return compareVersions(version, bound) < 0 === (relation === "<") ? [alternative] : [];
  });
}

/** Whether the stream, going by the form, can carry the command under its own name. A form without a claim may. */
export function carriesOwnName(name: string, form: string): boolean {
  const own = (name.split("|")[0] ?? name).toUpperCase();
  const alternatives = alternativesOf(form);
  if (alternatives.length === 0) return true;
  return alternatives.some((one) => one === "as sent" || commandsOf(one).some((command) => command.split(" ")[0] === own));
}

/** The first alternative that fits what the stream carried for `sent`, or undefined. */
export function matchingAlternative(
  form: string,
  sent: Arguments,
  carried: readonly Arguments[],
  version?: string,
): string | undefined {
  return alternativesOf(form, version).find((alternative) => {
    if (alternative === "nothing") return carried.length === 0;
    if (alternative === "as sent") return carried.length === 1 && sameArguments(sent, carried[0] ?? []);
    return commandsMatch(commandsOf(alternative), carried);
  });
}

function commandsOf(alternative: string): readonly string[] {
  return alternative.split("; ");
}

function sameArguments(a: Arguments, b: Arguments): boolean {
  if (a.length !== b.length || a[0]?.toUpperCase() !== b[0]?.toUpperCase()) return false;
  return a.every((argument, i) => i === 0 || argument === b[i]);
}

function commandsMatch(patterns: readonly string[], carried: readonly Arguments[]): boolean {
  const [pattern, ...rest] = patterns;
  const [first, ...others] = carried;
  if (pattern === undefined) return first === undefined;
  if (first === undefined || pattern === "..." || !argumentsMatch(pattern.split(" "), first)) return false;
  if (commandsMatch(rest, others)) return true;
  return rest[0] === "..." && (commandsMatch(rest.slice(1), others) || commandsMatch(patterns, others));
}

function argumentsMatch(words: readonly string[], carried: Arguments): boolean {
  const [word, ...rest] = words;
  const [first, ...others] = carried;
  if (word === undefined) return first === undefined;
  if (word.endsWith("*") && argumentsMatch(rest, carried)) return true;
  if (first === undefined) return false;
  if (word.endsWith("*")) return argumentsMatch(words, others);
  if (word.endsWith("...")) return argumentsMatch(rest, others) || argumentsMatch(words, others);
  return wordMatches(word, first) && argumentsMatch(rest, others);
}

function wordMatches(word: string, argument: string): boolean {
  if (word === "<ms>") return /^\d+$/.test(argument);
  if (/[a-z]/.test(word)) return true;
  const upper = argument.toUpperCase();
  return upper === word || (word === "DEL" && upper === "UNLINK");
}
