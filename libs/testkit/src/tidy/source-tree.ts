/**
 * The repository as the tidy test sees it: packages, their files, and what imports what. Reads files, judges nothing.
 *
 * Imports are found by their text, so it refuses nothing that the compiler accepts; an import in a comment would count.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));

/** One place where a file names another file or a package. */
export interface Import {
  /** As written: "./x.js", "@meridian/x", "node:fs", "ioredis". */
  readonly specifier: string;
  /**
   * `static`: import or export from. `type`: the same, gone after compilation. `lazy`: import() at run time. `url`:
   * a path for a worker or a process.
   */
  readonly kind: "static" | "type" | "lazy" | "url";
}

/** One TypeScript file under a package's `src`. */
export interface SourceFile {
  /** From the root, with slashes: "libs/words/src/hlc.ts". */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  /** A test, or the acceptance suite of a port, which its adapters' tests call. */
  readonly isTest: boolean;
  readonly imports: readonly Import[];
}

/** The fields of a package.json that are judged. */
export interface PackageJson {
  readonly name: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** One workspace. */
export interface PackageFolder {
  /** "libs/words". */
  readonly path: string;
  readonly json: PackageJson;
  /** Undefined where there is none. */
  readonly readme: string | undefined;
  readonly references: readonly string[];
  readonly files: readonly SourceFile[];
}

/** Every workspace of the repository. */
export function readPackages(): readonly PackageFolder[] {
  const folders = ["libs", "services"].flatMap((group) => readdirSync(join(ROOT, group)).map((name) => `${group}/${name}`));
  return [...folders, "chaos"].filter((path) => existsSync(join(ROOT, path, "package.json"))).map(readPackage);
}

/** The JSON of a file under the root. */
export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, path), "utf8"));
}

/** The path that a relative import names: "./x.js" in libs/a/src/y.ts is libs/a/src/x.ts. */
export function resolveRelative(from: SourceFile, specifier: string): string {
  return posix.join(posix.dirname(from.path), specifier).replace(/\.js$/, ".ts");
}

/** The package part of an import from outside: "@meridian/x" of "@meridian/x/y"; undefined for relative, node: and # imports. */
export function packageOf(specifier: string): string | undefined {
  if (/^(\.|node:|#)/.test(specifier)) return undefined;
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

function readPackage(path: string): PackageFolder {
  const readme = join(ROOT, path, "README.md");
  const config = readJson(`${path}/tsconfig.json`) as { references?: readonly { path: string }[] };
  return {
    path,
    json: readJson(`${path}/package.json`) as PackageJson,
    readme: existsSync(readme) ? readFileSync(readme, "utf8") : undefined,
    references: (config.references ?? []).map((reference) => posix.join(path, reference.path)),
    files: sourceFiles(join(ROOT, path, "src")),
  };
}

function sourceFiles(folder: string): SourceFile[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile() && entry.name.endsWith(".ts"));
  return files.map((entry) => readSource(join(entry.parentPath, entry.name)));
}

function readSource(absolute: string): SourceFile {
  const text = readFileSync(absolute, "utf8");
  const path = relative(ROOT, absolute).replaceAll("\\", "/");
  const lines = text.split("\n").length - 1;
  return { path, text, lines, isTest: /(\.test|\/acceptance|\/testing\/[^/]+)\.ts$/.test(path), imports: importsOf(text) };
}

const STATEMENT = /^(?:import|export)\s+(?<head>[^;"']*?from\s+)?["'](?<specifier>[^"']+)["']/gm;
const CALL = /\b(?<callee>import\(|new URL\()\s*["'](?<specifier>[\w@.:/#-]+)["']/g;

function importsOf(text: string): Import[] {
  const found: Import[] = [];
  for (const { groups } of text.matchAll(STATEMENT)) {
    found.push({ specifier: groups?.["specifier"] ?? "", kind: isTypeOnly(groups?.["head"] ?? "") ? "type" : "static" });
  }
  for (const { groups } of text.matchAll(CALL)) {
    found.push({ specifier: groups?.["specifier"] ?? "", kind: groups?.["callee"] === "import(" ? "lazy" : "url" });
  }
  return found;
}

/** `type { A } from` or `{ type A, type B } from`. */
function isTypeOnly(head: string): boolean {
  if (/^type\b/.test(head)) return true;
  const names = /\{(?<names>[^}]*)\}/.exec(head)?.groups?.["names"];
  if (names === undefined) return false;
  const parts = names.split(",").map((name) => name.trim());
  return parts.filter(Boolean).every((name) => name.startsWith("type "));
}
