/**
 * A declaration: a program's fields, its rules across fields, and the names that each field has in the file, the
 * environment and on the command line.
 *
 * One path, three spellings: `log.redis.url`, `MERIDIAN_LOG_REDIS_URL`, `--log-redis-url`. A row of a table has its
 * index in the path: `servers.0.url`, `MERIDIAN_SERVERS_0_URL`, `--servers-0-url`.
 */
import type { Field, OptionsOf, Shape } from "./field.js";

/** What a rule across fields objects to. Never put a secret's value in here. */
export interface RuleBreach {
  /** The path of the field to change, for example `peers.1`. */
  readonly field: string;
  readonly found: string;
  readonly allowed: string;
}

/** A rule across fields. It runs only when every field that it reads is good in itself. */
export interface OptionRule<O> {
  /** Paths of the fields, or of the groups and tables around them. */
  readonly reads: readonly string[];
  readonly check: (options: O) => readonly RuleBreach[];
}

/** Everything that a program accepts. */
export interface OptionsDeclaration<S extends Shape> {
  /** The command's name. */
  readonly program: string;
  /** What the program does, in a paragraph. */
  readonly summary: string;
  /** Prefix of environment names, without the underscore: `MERIDIAN`. */
  readonly environmentPrefix: string;
  readonly fields: S;
  readonly rules: readonly OptionRule<OptionsOf<S>>[];
  /** A small configuration file that works, shown by `--help`. */
  readonly example: string;
  /** Exit codes and whatever else `--help` should end with. */
  readonly epilogue: string;
}

/** A place in the tree where a value can be given; `*` stands for a row's index. */
export interface Place {
  readonly path: readonly string[];
  readonly field: Exclude<Field, { kind: "group" }>;
}

/** Every place of a shape in declaration order: a table first, then the fields of its rows. */
export function placesOf(shape: Shape, above: readonly string[] = []): Place[] {
  return Object.entries(shape).flatMap(([name, field]) => {
    const path = [...above, name];
    if (field.kind === "group") return placesOf(field.fields, path);
    const place: Place = { path, field };
    return field.kind === "table" ? [place, ...placesOf(field.fields, [...path, "*"])] : [place];
  });
}

/** `retentionHours` is the words `retention`, `hours`. */
function words(segment: string): string {
  return segment.replace(/[A-Z]/g, (letter) => `_${letter}`);
}

/** The environment's name of a path: `MERIDIAN_LOG_RETENTION_HOURS`. */
export function environmentName(prefix: string, path: readonly string[]): string {
  return [prefix, ...path.map(words)].join("_").toUpperCase();
}

/** The command line's name of a path: `--log-retention-hours`. */
export function flagName(path: readonly string[]): string {
  return `--${path.map(words).join("-").replaceAll("_", "-").toLowerCase()}`;
}

/** The path as people write it: `servers[0].url`. */
export function pathText(path: readonly string[]): string {
  return path.map((part, at) => (/^(\d+|\*)$/.test(part) ? `[${part === "*" ? "N" : part}]` : at === 0 ? part : `.${part}`)).join("");
}

/** Finds the place that a spelled name means, where the spelling of a path is given by `spell`. */
export class PlaceIndex {
  readonly #exact = new Map<string, Place>();
  readonly #rows: { readonly pattern: RegExp; readonly place: Place }[] = [];

  constructor(shape: Shape, spell: (path: readonly string[]) => string) {
    for (const place of placesOf(shape)) {
      const name = spell(place.path);
      if (!place.path.includes("*")) this.#exact.set(name, place);
      else this.#rows.push({ pattern: new RegExp(`^${name.split("*").map(escaped).join("(\\d{1,4})")}$`), place });
    }
  }

  /** Names to suggest from; rows are shown with index 0. */
  get names(): string[] {
    return [...this.#exact.keys(), ...this.#rows.map((row) => row.pattern.source.slice(1, -1).replaceAll("(\\d{1,4})", "0"))];
  }

  /** The place and its path with indexes filled in. */
  find(name: string): { readonly place: Place; readonly path: readonly string[] } | undefined {
    const exact = this.#exact.get(name);
    if (exact !== undefined) return { place: exact, path: exact.path };
    for (const { pattern, place } of this.#rows) {
      const indexes = pattern.exec(name)?.slice(1);
      if (indexes === undefined) continue;
      return { place, path: place.path.map((part) => (part === "*" ? String(Number(indexes.shift())) : part)) };
    }
    return undefined;
  }
}

function escaped(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
}
