/**
 * Values given as text: the environment and the command line.
 *
 * Both know a field by a spelled name. A table's whole value is YAML flow text (JSON will do); one field of one row
 * is given by its index. Within one source a whole table is laid down before its rows.
 */
import type { Place } from "./declaration.js";
import type { OptionProblem } from "./problem.js";
import { overlay, type RawMap } from "./raw.js";
import { readYaml } from "./yaml-source.js";

/** Text given for one path. */
export interface GivenText {
  readonly place: Place;
  readonly path: readonly string[];
  readonly text: string;
  readonly origin: string;
}

/** What one source said. */
export interface TextReading {
  readonly given: readonly GivenText[];
  readonly problems: readonly OptionProblem[];
}

/** Lays what was given over `root`. Returns what could not be laid. */
export function layText(root: RawMap, given: readonly GivenText[]): OptionProblem[] {
  const problems: OptionProblem[] = [];
  const outerFirst = [...given].sort((a, b) => a.path.length - b.path.length);
  for (const { place, path, text, origin } of outerFirst) {
    if (place.field.kind !== "table") {
      overlay(root, path, { form: "scalar", type: "any", text, origin });
      continue;
    }
    const reading = readYaml(text, () => origin);
    problems.push(...reading.problems.map((problem) => ({ ...problem, field: path.join(".") })));
    if (reading.root !== undefined) overlay(root, path, reading.root);
  }
  return problems;
}
