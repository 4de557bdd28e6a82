/**
 * Loading options: command line over environment over file over default, checked whole.
 *
 * Reads nothing by itself: arguments, environment and the way to read a file are given. Throws one `BAD_OPTION` with
 * every problem. `--help` and `--version` answer even where everything else is wrong.
 */
import { checkOptions, NOWHERE } from "./check.js";
import type { OptionsDeclaration } from "./declaration.js";
import { readEnvironment, type Environment } from "./environment-source.js";
import type { OptionsOf, Shape } from "./field.js";
import { readFlags } from "./flag-source.js";
import { helpText } from "./option-help.js";
import { printedConfig } from "./printed-config.js";
import { BadOptionsError, type OptionProblem } from "./problem.js";
import type { RawMap } from "./raw.js";
import { layText } from "./text-source.js";
import { readYamlFile } from "./yaml-source.js";

/** Where options are read from. */
export interface OptionSources {
  /** Words behind the program's name. */
  readonly args: readonly string[];
  readonly environment: Environment;
  /** Reads a text file; may throw. */
  readonly readFile: (path: string) => string;
  /** Shown by `--version`. */
  readonly version: string;
}

/** Either options to run with, or a text to print before exiting with code 0. */
export type LoadedOptions<O> =
  | { readonly kind: "run"; readonly options: O; readonly origins: ReadonlyMap<string, string> }
  | { readonly kind: "print"; readonly text: string };

/** Loads and checks. Throws {@link BadOptionsError}. */
export function loadOptions<S extends Shape>(declaration: OptionsDeclaration<S>, sources: OptionSources): LoadedOptions<OptionsOf<S>> {
  const { program, environmentPrefix: prefix, fields } = declaration;
  const flags = readFlags(fields, sources.args);
  if (flags.common.help) return { kind: "print", text: helpText(declaration) };
  if (flags.common.version) return { kind: "print", text: `${program} ${sources.version}\n` };

  const configVariable = `${prefix}_CONFIG`;
  const environment = readEnvironment(fields, prefix, sources.environment, [configVariable]);
  const file = readFile(flags.common.config ?? sources.environment[configVariable], sources.readFile);
  const laid = [...layText(file.root, environment.given), ...layText(file.root, flags.given)];
  const checked = checkOptions(declaration, file.root);
  const wrong = checked.problems.filter((problem) => !(file.unread && problem.origin === NOWHERE));
  const problems = [...file.problems, ...environment.problems, ...flags.problems, ...laid, ...wrong];
  if (problems.length > 0) throw new BadOptionsError(program, problems);

  if (flags.common.printConfig) return { kind: "print", text: printedConfig(fields, checked.options, checked.origins) };
  return { kind: "run", options: checked.options, origins: checked.origins };
}

interface FileReading {
  readonly root: RawMap;
  readonly problems: readonly OptionProblem[];
  /** Nothing of the file is known, so what is missing may well stand in it. */
  readonly unread: boolean;
}

function readFile(path: string | undefined, read: (path: string) => string): FileReading {
  const root: RawMap = { form: "map", entries: new Map(), origin: path ?? "nowhere" };
  if (path === undefined || path === "") return { root, problems: [], unread: false };
  let text: string;
  try {
    text = read(path);
  } catch (error) {
    const found = `a file that cannot be read (${(error as NodeJS.ErrnoException).code ?? "error"})`;
    return { root, problems: [{ field: "--config", origin: path, found, allowed: "a YAML file that this user may read" }], unread: true };
  }
  const reading = readYamlFile(text, path);
  return { root: reading.root ?? root, problems: reading.problems, unread: reading.root === undefined };
}
