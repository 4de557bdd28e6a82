/**
 * The check: a raw tree against a declaration, whole.
 *
 * Every field is looked at, whatever is wrong with the others; every name that is not declared is a problem with a
 * suggestion. Rules across fields run where all that they read is good. Either there are no problems, or there is no
 * value: a half-checked configuration never leaves this module.
 */
import type { OptionsDeclaration } from "./declaration.js";
import { environmentName, pathText } from "./declaration.js";
import type { Field, ListField, MapField, OptionsOf, ScalarField, Shape, TableField } from "./field.js";
import { nearestName } from "./nearest-name.js";
import { shown, type OptionProblem } from "./problem.js";
import { formOf, type Raw, type RawMap } from "./raw.js";
import { allowedText, readScalar } from "./scalar.js";

/** Checked options, where each value came from by path, and what was wrong. */
export interface CheckResult<O> {
  readonly options: O;
  readonly origins: ReadonlyMap<string, string>;
  readonly problems: readonly OptionProblem[];
}

/** Checks a raw tree. `options` may only be used where `problems` is empty. */
export function checkOptions<S extends Shape>(declaration: OptionsDeclaration<S>, root: RawMap): CheckResult<OptionsOf<S>> {
  const checker = new Checker(declaration.environmentPrefix);
  const options = checker.group(declaration.fields, root, []) as OptionsOf<S>;
  // Chosen before the first one runs: what one rule objects to is still good in itself for the next.
  const runnable = declaration.rules.filter((rule) => !rule.reads.some((path) => checker.isBad(path)));
  for (const rule of runnable) {
    for (const breach of rule.check(options)) {
      const path = breach.field.split(".");
      checker.refuse(path, checker.originOf(path), breach.found, breach.allowed);
    }
  }
  return { options, origins: checker.origins, problems: checker.problems };
}

/** Origin of a value that nobody gave. */
export const DEFAULT_ORIGIN = "default";

/** Origin shown for a value that is missing. */
export const NOWHERE = "nowhere";

class Checker {
  readonly problems: OptionProblem[] = [];
  readonly origins = new Map<string, string>();
  readonly #bad = new Set<string>();
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Whether anything at, in or around `path` was refused. */
  isBad(path: string): boolean {
    return [...this.#bad].some((bad) => bad === path || bad.startsWith(`${path}.`) || path.startsWith(`${bad}.`));
  }

  /** Where the value at `path`, or the nearest thing around it, came from. */
  originOf(path: readonly string[]): string {
    for (let depth = path.length; depth > 0; depth--) {
      const origin = this.origins.get(path.slice(0, depth).join("."));
      if (origin !== undefined) return origin;
    }
    return NOWHERE;
  }

  refuse(path: readonly string[], origin: string, found: string, allowed: string): undefined {
    this.#bad.add(path.join("."));
    this.problems.push({ field: pathText(path), origin, found, allowed });
    return undefined;
  }

  group(shape: Shape, raw: Raw | undefined, path: readonly string[]): Record<string, unknown> {
    const given = raw?.form === "map" ? raw.entries : new Map<string, Raw>();
    if (raw !== undefined && raw.form !== "map") this.refuse(path, raw.origin, formOf(raw), `these names: ${Object.keys(shape).join(", ")}`);
    for (const [name, value] of given) if (!Object.hasOwn(shape, name)) this.#unknown(shape, [...path, name], value.origin);
    return Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, this.#field(field, given.get(name), [...path, name])]));
  }

  #unknown(shape: Shape, path: readonly string[], origin: string): void {
    const names = Object.keys(shape);
    const near = nearestName(path.at(-1)!, names);
    // The name is the operator's own text: where a colon was forgotten it may be half of a password.
    const field = [...path.slice(0, -1), /^[A-Za-z0-9_.-]{1,60}$/.test(path.at(-1)!) ? path.at(-1)! : "(a name)"];
    this.#bad.add(path.join("."));
    this.problems.push({
      field: pathText(field),
      origin,
      found: "an unknown name",
      allowed: near === undefined ? names.join(", ") : `did you mean ${near}? Names here: ${names.join(", ")}`,
    });
  }

  #field(field: Field, raw: Raw | undefined, path: readonly string[]): unknown {
    if (field.kind === "group") return this.group(field.fields, raw, path);
    if (raw !== undefined) this.origins.set(path.join("."), raw.origin);
    if (field.kind === "table") return this.#table(field, raw, path);
    if (raw === undefined && field.required === true) {
      const hint = path.some((part) => /^\d+$/.test(part)) ? "" : `; for example ${environmentName(this.#prefix, path)}`;
      return this.refuse(path, NOWHERE, "nothing", `${allowedText(field.kind === "list" || field.kind === "map" ? field.item : field)}${hint}`);
    }
    if (field.kind === "map") return raw === undefined ? {} : this.#map(field, raw, path);
    if (raw === undefined) {
      if (field.default !== undefined) this.origins.set(path.join("."), DEFAULT_ORIGIN);
      return field.default;
    }
    return field.kind === "list" ? this.#list(field, raw, path) : this.#scalar(field, raw, path);
  }

  #scalar(field: ScalarField, raw: Raw, path: readonly string[]): string | number | boolean | undefined {
    const reading = readScalar(field, raw);
    return "value" in reading ? reading.value : this.refuse(path, raw.origin, reading.found, reading.allowed);
  }

  #list(field: ListField, raw: Raw, path: readonly string[]): unknown {
    const least = field.itemsMin ?? 0;
    const allowed = `a list of ${least} to ${field.itemsMax}, each ${allowedText(field.item)}`;
    const split = splitText(raw);
    if (split.form !== "list") return this.refuse(path, raw.origin, formOf(raw), allowed);
    if (split.items.length < least || split.items.length > field.itemsMax) return this.refuse(path, raw.origin, formOf(split), allowed);
    const values = split.items.map((item, at) => this.#scalar(field.item, item!, [...path, String(at)]));
    for (const [at, value] of values.entries()) {
      if (value === undefined || values.indexOf(value) === at) continue;
      const found = field.item.kind === "secret" ? "a value" : shown(String(value));
      this.refuse([...path, String(at)], split.items[at]!.origin, `${found} a second time`, "every value once");
    }
    return values;
  }

  #map(field: MapField, raw: Raw, path: readonly string[]): unknown {
    const allowed = `up to ${field.itemsMax} lines \`name: value\`; name: ${field.key.says}; value: ${allowedText(field.item)}`;
    const split = splitPairs(raw);
    if (split.form !== "map" || split.entries.size > field.itemsMax) return this.refuse(path, raw.origin, formOf(split), allowed);
    const values: [string, unknown][] = [];
    for (const [name, value] of split.entries) {
      if (field.key.accepts(name)) values.push([name, this.#scalar(field.item, value, [...path, name])]);
      else this.refuse(path, value.origin, `the name ${shown(name)}`, field.key.says);
    }
    return Object.fromEntries(values);
  }

  #table(field: TableField, raw: Raw | undefined, path: readonly string[]): unknown {
    const allowed = `a list of ${field.rowsMin} to ${field.rowsMax} entries with these names: ${Object.keys(field.fields).join(", ")}`;
    if (raw === undefined) return field.rowsMin === 0 ? [] : this.refuse(path, NOWHERE, "nothing", allowed);
    if (raw.form !== "list" || raw.items.length < field.rowsMin || raw.items.length > field.rowsMax) {
      return this.refuse(path, raw.origin, formOf(raw), allowed);
    }
    return Array.from(raw.items, (row, at) => {
      const place = [...path, String(at)];
      if (row === undefined) return this.refuse(place, raw.origin, "nothing", "entries numbered from 0 without holes");
      this.origins.set(place.join("."), row.origin);
      return this.group(field.fields, row, place);
    });
  }
}

/** Text from the environment or a flag as a list: separated by commas, blanks around items dropped. */
function splitText(raw: Raw): Raw {
  if (raw.form !== "scalar" || raw.type !== "any") return raw;
  const parts = raw.text === "" ? [] : raw.text.split(",");
  return { form: "list", items: parts.map((part) => ({ ...raw, text: part.trim() })), origin: raw.origin };
}

/** Text from the environment or a flag as named values: `name=value,name=value`. */
function splitPairs(raw: Raw): Raw {
  const list = splitText(raw);
  if (list === raw || list.form !== "list") return raw;
  const pairs = list.items.map((item) => (item as { text: string }).text);
  const entries = pairs.map((pair): [string, Raw] => {
    const equals = pair.indexOf("=");
    return [pair.slice(0, Math.max(equals, 0)), { form: "scalar", type: "any", text: pair.slice(equals + 1), origin: raw.origin }];
  });
  // A name given twice stays a list, which is refused: dropping one of the two would be a guess.
  const named = new Map(entries);
  return named.size === entries.length ? { form: "map", entries: named, origin: raw.origin } : list;
}
