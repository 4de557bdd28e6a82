/**
 * Options from the command line: `--name value`, `--name=value`, `--flag`, `--no-flag`.
 *
 * Lists and maps may be given several times and add up; anything else given twice is refused, as are words that
 * belong to no flag. `-h` is the only short form.
 */
import { flagName, PlaceIndex, type Place } from "./declaration.js";
import type { Shape } from "./field.js";
import { nearestName } from "./nearest-name.js";
import type { OptionProblem } from "./problem.js";
import type { GivenText, TextReading } from "./text-source.js";

/** Flags that every program has. */
export interface CommonFlags {
  readonly help: boolean;
  readonly version: boolean;
  readonly printConfig: boolean;
  /** `--config`: the configuration file. */
  readonly config?: string;
}

const SWITCHES = ["--help", "-h", "--version", "--print-config"];

/** Reads the arguments behind the program's name. */
export function readFlags(shape: Shape, args: readonly string[]): TextReading & { readonly common: CommonFlags } {
  const reader = new FlagReader(shape, args);
  return reader.read();
}

class FlagReader {
  readonly #index: PlaceIndex;
  readonly #rest: string[];
  readonly #switches = new Set<string>();
  readonly #given = new Map<string, GivenText>();
  readonly #problems: OptionProblem[] = [];
  #config: string | undefined;

  constructor(shape: Shape, args: readonly string[]) {
    this.#index = new PlaceIndex(shape, flagName);
    this.#rest = [...args];
  }

  read(): TextReading & { readonly common: CommonFlags } {
    for (let word = this.#rest.shift(); word !== undefined; word = this.#rest.shift()) this.#take(word);
    const common = {
      help: this.#switches.has("--help") || this.#switches.has("-h"),
      version: this.#switches.has("--version"),
      printConfig: this.#switches.has("--print-config"),
      ...(this.#config === undefined ? {} : { config: this.#config }),
    };
    return { given: [...this.#given.values()], problems: this.#problems, common };
  }

  #take(word: string): void {
    if (SWITCHES.includes(word)) {
      this.#switches.add(word);
      return;
    }
    const [, name, , inline] = /^(--[a-z0-9-]+)(=(.*))?$/s.exec(word) ?? [];
    // A word that is no flag may be a password that lost its flag: it is not repeated.
    if (name === undefined) this.#refuse("(a word)", "a word that belongs to no flag", "--name value or --name=value");
    else if (name === "--config") this.#takeConfig(inline ?? this.#value());
    else this.#takeField(name, inline);
  }

  #takeConfig(file: string | undefined): void {
    if (file === undefined || file === "") this.#refuse("--config", "no file name", "--config file.yaml");
    else if (this.#config !== undefined) this.#refuse("--config", "two files", "one file");
    else this.#config = file;
  }

  #takeField(name: string, inline: string | undefined): void {
    const found = this.#index.find(name);
    const negated = found === undefined && name.startsWith("--no-") ? this.#index.find(`--${name.slice(5)}`) : undefined;
    if (negated?.place.field.kind === "boolean" && inline === undefined) {
      this.#give(negated.place, negated.path, `--${name.slice(5)}`, "false");
      return;
    }
    if (found === undefined) {
      this.#unknown(name, inline);
      return;
    }
    const next = found.place.field.kind === "boolean" ? (this.#boolean() ?? "true") : undefined;
    const text = inline ?? next ?? this.#value();
    if (text === undefined) this.#refuse(name, "no value", `${name} value`);
    else this.#give(found.place, found.path, name, text);
  }

  /** The next word, unless it is a flag. */
  #value(): string | undefined {
    return this.#rest[0]?.startsWith("--") === true ? undefined : this.#rest.shift();
  }

  #boolean(): string | undefined {
    return this.#rest[0] === "true" || this.#rest[0] === "false" ? this.#rest.shift() : undefined;
  }

  #give(place: Place, path: readonly string[], name: string, text: string): void {
    const key = path.join(".");
    const before = this.#given.get(key);
    const adds = place.field.kind === "list" || place.field.kind === "map";
    if (before !== undefined && !adds) {
      this.#refuse(name, "a second value", "one value");
      return;
    }
    this.#given.set(key, { place, path, text: before === undefined ? text : `${before.text},${text}`, origin: `flag ${name}` });
  }

  #unknown(name: string, inline: string | undefined): void {
    // Its value, if it has one, must not be taken for a stray word as well.
    if (inline === undefined) this.#value();
    const near = nearestName(name, [...this.#index.names, ...SWITCHES, "--config"]);
    this.#refuse(name, "an unknown flag", near === undefined ? "the flags that `--help` lists" : `did you mean ${near}?`);
  }

  #refuse(field: string, found: string, allowed: string): void {
    this.#problems.push({ field, origin: "command line", found, allowed });
  }
}
