/**
 * A copy of the compiled code in a folder of its own under the system's temporary folder, where it can be mutated and run
 * while nobody else notices. `close` removes it.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { placesOf, type Edit, type Mutation } from "./mutation.js";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const SCOPE = "@meridian/";
/** The list of mutations holds every text that it names: the text that is meant stands elsewhere. */
const OWN_FOLDER = "mutations";

/** One edit, with the file in which its text was found. */
interface FoundEdit {
  /** From the package's folder of compiled code. */
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

/** The folder of a package that an edit names. */
function folderOf(name: string): string {
  return name === "sim" ? join(ROOT, "chaos") : join(ROOT, "libs", name);
}

/** Where the text of an edit stands. Throws where it does not stand exactly once. */
export function findEdit(edit: Edit, folder = folderOf(edit.in)): FoundEdit {
  const dist = join(folder, edit.in === "sim" ? "dist/sim" : "dist");
  const found = compiledFiles(dist).flatMap((file) => placesOf(edit.text, readFileSync(file, "utf8")).map(([from, to]) => ({ file, from, to })));
  const [only] = found;
  if (only && found.length === 1) return only;
  const where = found.map(({ file }) => relative(ROOT, file)).join(", ");
  throw new Error(
    `a mutation's text stands ${found.length} times in ${relative(ROOT, dist)} instead of once${where === "" ? "" : ` (${where})`}: ${edit.text.trim()}\n` +
      `whoever changed that code gives the mutation its new text in chaos/src/sim/mutations; compiled code must be up to date (tsc -b)`,
  );
}

/** See the module's comment. */
export class CompiledCopy {
  readonly #folder: string;

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), "meridian-mutations-"));
    const copied = new Set<string>();
    this.#copyPackage(join(ROOT, "chaos"), join(this.#folder, "chaos"), copied, true);
  }

  /** The simulator's command in the copy. */
  get command(): string {
    return join(this.#folder, "chaos/dist/sim/main.js");
  }

  /** Mutates the copy; returns what takes the mutation back. */
  apply({ edits }: Mutation): () => void {
    const before = new Map<string, string>();
    for (const edit of edits) {
      const { file, from, to } = findEdit(edit, this.#copyOf(edit.in));
      const code = readFileSync(file, "utf8");
      if (!before.has(file)) before.set(file, code);
      writeFileSync(file, code.slice(0, from) + edit.becomes + code.slice(to));
    }
    return () => {
      for (const [file, code] of before) writeFileSync(file, code);
    };
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #copyOf(name: string): string {
    return name === "sim" ? join(this.#folder, "chaos") : join(this.#folder, "node_modules", SCOPE, name);
  }

  #copyPackage(from: string, to: string, copied: Set<string>, isRoot = false): void {
    mkdirSync(to, { recursive: true });
    for (const part of ["package.json", "dist", "gen"]) {
      if (existsSync(join(from, part))) cpSync(join(from, part), join(to, part), { recursive: true, filter: (source) => !/\.(map|d\.ts)$/.test(source) });
    }
    const { dependencies = {} } = JSON.parse(readFileSync(join(from, "package.json"), "utf8")) as { dependencies?: Record<string, string> };
    for (const name of Object.keys(dependencies)) {
      // What only the real servers' tests need is left out of the copy: nothing of the simulator imports it.
      if (copied.has(name) || (isRoot && !isNeeded(name))) continue;
      copied.add(name);
      const target = join(this.#folder, "node_modules", name);
      if (name.startsWith(SCOPE)) this.#copyPackage(join(ROOT, "libs", name.slice(SCOPE.length)), target, copied);
      else link(name, target);
    }
  }
}

/** Packages of the simulator itself. */
function isNeeded(name: string): boolean {
  return name.startsWith(SCOPE) && existsSync(join(ROOT, "libs", name.slice(SCOPE.length))) && name !== `${SCOPE}testkit`;
}

function link(name: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(realpathSync(join(ROOT, "node_modules", name)), target, "dir");
}

function compiledFiles(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".js") && !entry.name.endsWith(".test.js"))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !relative(folder, file).startsWith(OWN_FOLDER));
}
