/** The rules that keep the repository readable. Each names the files that break it, and says in its title what to do. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findCycle, reachable, type Graph } from "./import-graph.js";
import { packageOf, readJson, readPackages, resolveRelative, ROOT } from "./source-tree.js";
import type { Import, PackageFolder, PackageJson, SourceFile } from "./source-tree.js";

/** A package imports only packages of lower layers. */
const LAYERS: readonly (readonly string[])[] = [
  ["words"],
  ["clock", "resp", "commands", "wire", "merge", "mark"],
  ["region"],
  ["psync", "log", "store", "target"],
  ["shell", "testkit"],
  ["agent"],
  ["cli"],
  ["chaos"],
];
/** Who may use the testkit outside of tests, and start the processes of other packages. */
const STARTERS = ["cli", "chaos"];
const FOLDERS = ["proto", "services", "libs", "deploy", "chaos"];
const TOP_FILES = ["package.json", "package-lock.json", "README.md", "LICENSE", "CHANGELOG.md"];
const TOOL_CONFIG = /^(tsconfig(\.\w+)?\.json|eslint\.config\.js|vitest\.config\.ts|\..+|node_modules|coverage)$/;
const LINES_MAX = 400;
const README_LINES_MAX = 120;
const PLAIN_NAME = /^[a-z0-9-/]+(\.[a-z0-9-]+)*\.ts$/;
const VAGUE_NAME = /(^|[-/])(utils?|helpers?|common|misc|shared|stuff|base|manager)([-.]|$)/;
const TEST_NAME = /^[a-z0-9-]+(\.(redis|kafka|sim))?\.test\.ts$/;

const packages = readPackages();
const files = packages.flatMap((one) => one.files);
const sources = files.filter((file) => !file.isTest);
const tests = files.filter((file) => file.path.endsWith(".test.ts"));

const pathsOf = (list: readonly SourceFile[]): string[] => list.map((file) => file.path);
const nameOf = (file: SourceFile): string => file.path.slice(file.path.lastIndexOf("/") + 1);
const shortName = (one: PackageFolder): string => one.json.name.replace("@meridian/", "");
const isOurs = (name: string): boolean => name.startsWith("@meridian/");
const unique = (names: Iterable<string>): string[] => [...new Set(names)].sort();
const declaredBy = (json: PackageJson): string[] => Object.keys({ ...json.dependencies, ...json.devDependencies });

function packageWith(file: SourceFile): PackageFolder {
  const found = packages.find((one) => file.path.startsWith(`${one.path}/`));
  if (found === undefined) throw new Error(`${file.path} is in no package`);
  return found;
}

function layerOf(name: string): number {
  const layer = LAYERS.findIndex((names) => names.includes(name.replace("@meridian/", "")));
  if (layer < 0) throw new Error(`${name} has no layer: give it one in tidy.test.ts`);
  return layer;
}

/** Packages that the chosen files of a package import, itself excluded. */
function imported(one: PackageFolder, chosen: (file: SourceFile, use: Import) => boolean): string[] {
  const names = one.files.flatMap((file) =>
    file.imports.filter((use) => use.kind !== "url" && chosen(file, use)).map(({ specifier }) => packageOf(specifier)),
  );
  return unique(names.filter((name) => name !== undefined && name !== one.json.name) as string[]);
}

const bySources = (one: PackageFolder): string[] => imported(one, (file) => !file.isTest);
const byTests = (one: PackageFolder): string[] => imported(one, (file) => file.isTest);

function fileGraph(kinds: readonly Import["kind"][]): Graph {
  return new Map(
    files.map((file) => {
      const used = file.imports.filter(({ specifier, kind }) => specifier.startsWith(".") && kinds.includes(kind));
      return [file.path, used.map(({ specifier }) => resolveRelative(file, specifier))];
    }),
  );
}

describe("folders", () => {
  it("the root holds what it should and nothing else", () => {
    const expected = [...FOLDERS, ...TOP_FILES];
    expect(readdirSync(ROOT).filter((name) => !expected.includes(name) && !TOOL_CONFIG.test(name))).toEqual([]);
  });

  it("files and folders are named for one thing, in kebab-case", () => {
    const odd = files.filter((file) => !PLAIN_NAME.test(file.path) || VAGUE_NAME.test(file.path.slice(packageWith(file).path.length)));
    expect(pathsOf(odd)).toEqual([]);
  });

  it("a test's name says what it needs: nothing, or .redis for a server, .kafka for a broker, .sim for a seed", () => {
    expect(pathsOf(tests.filter((file) => !TEST_NAME.test(nameOf(file))))).toEqual([]);
    const servers = tests.filter((file) => /\bstartRedis\(/.test(file.text) && !/\.(redis|kafka)\.test\.ts$/.test(file.path));
    const brokers = tests.filter((file) => /\b(kafkaBroker|startLocalKafka)\(/.test(file.text) && !/\.kafka\.test\.ts$/.test(file.path));
    expect(pathsOf([...servers, ...brokers])).toEqual([]);
  });

  it("no test is switched off or singled out", () => {
    const off = tests.filter((file) => /\b(it|test|describe)(\.\w+)*\.(only|skip|skipIf|todo|fails)\b/.test(file.text));
    expect(pathsOf(off)).toEqual([]);
  });
});

describe("files", () => {
  it(`have at most ${LINES_MAX} lines`, () => {
    expect(files.filter((file) => file.lines > LINES_MAX).map((file) => `${file.path}: ${file.lines}`)).toEqual([]);
  });

  it("open with a comment that says what they promise and refuse", () => {
    const silent = sources.filter((file) => nameOf(file) !== "index.ts" && !/^(#!.*\n)?\/\*\*/.test(file.text));
    expect(pathsOf(silent)).toEqual([]);
  });

  it("have named exports; an index.ts stands only at a package's edge and names what it exports", () => {
    const unnamed = sources.filter((file) => /^export (default\b|\*)/m.test(file.text));
    const inner = sources.filter((file) => nameOf(file) === "index.ts" && file.path !== `${packageWith(file).path}/src/index.ts`);
    expect(pathsOf([...unnamed, ...inner])).toEqual([]);
  });

  it("import other packages by their name only, and stay within their own package otherwise", () => {
    const leaves = (file: SourceFile, { specifier, kind }: Import): boolean => {
      const own = packageWith(file);
      if (/^@meridian\/[^/]+\//.test(specifier)) return true;
      if (!specifier.startsWith(".") || resolveRelative(file, specifier).startsWith(`${own.path}/`)) return false;
      // A process of another package is started by its path; folders of the repository may be named by anyone.
      return kind === "url" ? specifier.endsWith(".js") && !STARTERS.includes(shortName(own)) : true;
    };
    const wrong = files.flatMap((file) => file.imports.filter((use) => leaves(file, use)).map((use) => `${file.path}: ${use.specifier}`));
    expect(wrong).toEqual([]);
  });

  it("import each other without a cycle", () => {
    expect(findCycle(fileGraph(["static"]))).toBeUndefined();
  });

  it("are used: every one is reached from a package's index, a program or a test", () => {
    const programs = packages.flatMap((one) =>
      Object.values(one.json.bin ?? {}).map((path) => `${one.path}/${path.replace(/^(\.\/)?dist\/(.*)\.js$/, "src/$2.ts")}`),
    );
    const roots = files.filter((file) => file.path.endsWith(".test.ts") || /^\w+(\/\w+)?\/src\/(index|main)\.ts$/.test(file.path));
    const used = reachable(fileGraph(["static", "type", "lazy", "url"]), [...pathsOf(roots), ...programs]);
    expect(pathsOf(files).filter((path) => !used.has(path))).toEqual([]);
  });
});

describe("packages", () => {
  it("import only packages of lower layers", () => {
    const wrong = packages.flatMap((one) => {
      const names = bySources(one).filter((name) => isOurs(name) && layerOf(name) >= layerOf(one.json.name));
      return names.map((name) => `${one.json.name} -> ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  it("use the testkit in tests only, but for the CLI and chaos", () => {
    const users = packages.filter((one) => bySources(one).includes("@meridian/testkit")).map(shortName);
    expect(users.filter((name) => !STARTERS.includes(name))).toEqual([]);
  });

  it("use in their tests no service but their own and those below", () => {
    const firstService = layerOf("agent");
    const wrong = packages.flatMap((one) => {
      const names = byTests(one).filter((name) => isOurs(name) && layerOf(name) >= Math.max(firstService, layerOf(one.json.name)));
      return names.map((name) => `${one.json.name} -> ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  it("form no cycle", () => {
    expect(findCycle(new Map(packages.map((one) => [one.json.name, bySources(one).filter(isOurs)])))).toBeUndefined();
  });

  it("declare what they import", () => {
    const wrong = packages.flatMap((one) => {
      const { dependencies = {}, devDependencies = {} } = one.json;
      const always = imported(one, (file, { kind }) => !file.isTest && kind !== "lazy").filter((name) => dependencies[name] === undefined);
      const perhaps = imported(one, (file, { kind }) => !file.isTest && kind === "lazy");
      const lazy = perhaps.filter((name) => dependencies[name] === undefined && devDependencies[name] === undefined);
      return [...always, ...lazy].map((name) => `${one.path} imports ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  it("declare what their tests import, unless the root or the testkit brings it", () => {
    const kit = packages.find((one) => one.path === "libs/testkit");
    const brought = [...declaredBy(readJson("package.json") as PackageJson), ...(kit === undefined ? [] : declaredBy(kit.json))];
    const wrong = packages.flatMap((one) => {
      const names = byTests(one).filter((name) => !isOurs(name) && !brought.includes(name) && !declaredBy(one.json).includes(name));
      return names.map((name) => `a test of ${one.path} imports ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  it("import what they declare", () => {
    const wrong = packages.flatMap((one) => {
      const used = [...bySources(one), ...byTests(one)];
      const unused = declaredBy(one.json).filter((name) => !used.includes(name) && !usedByGenerated(one, name));
      return unused.map((name) => `${one.path} declares ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  it("refer in tsconfig.json to the packages that they import", () => {
    const wrong = packages.flatMap((one) => {
      const referenced = one.references.map((path) => packages.find((other) => other.path === path)?.json.name);
      const lacking = bySources(one).filter((name) => isOurs(name) && !referenced.includes(name));
      return lacking.map((name) => `${one.path}/tsconfig.json lacks ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  it("pin every dependency to one version, the same everywhere", () => {
    const all = [readJson("package.json") as PackageJson, ...packages.map((one) => one.json)].flatMap((json) =>
      Object.entries({ ...json.dependencies, ...json.devDependencies }).map(([name, version]) => `${name}@${version}`),
    );
    expect(unique(all).filter((pin) => !/@\d+\.\d+\.\d+$/.test(pin))).toEqual([]);
    const names = unique(all).map((pin) => pin.slice(0, pin.lastIndexOf("@")));
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });
});

describe("READMEs", () => {
  it("exist, one for each package, under its name", () => {
    expect(packages.filter((one) => !one.readme?.startsWith(`# ${one.json.name}\n`)).map((one) => one.path)).toEqual([]);
  });

  it("say the promise, the use by a snippet, the refusals and the files, on one page", () => {
    const parts: [string, RegExp][] = [["promise", /promise/i], ["use", /^```/m], ["refusals", /refus/i], ["files", /\bfiles\b|reading order/i]];
    const lacking = packages.flatMap((one) =>
      parts.filter(([, pattern]) => !pattern.test(one.readme ?? "")).map(([part]) => `${one.path}: ${part}`),
    );
    expect(lacking).toEqual([]);
    // A table is as long as what it lists.
    const linesOf = (readme: string | undefined): string[] => (readme ?? "").split("\n").filter((line) => !line.startsWith("|"));
    expect(packages.filter((one) => linesOf(one.readme).length > README_LINES_MAX).map((one) => one.path)).toEqual([]);
  });

  it("say why each third-party dependency is there", () => {
    const unexplained = packages.flatMap((one) => {
      const names = declaredBy(one.json).filter((name) => !isOurs(name) && !(one.readme ?? "").includes(name));
      return names.map((name) => `${one.path}: ${name}`);
    });
    expect(unexplained).toEqual([]);
  });

  it("name no source file that is not there", () => {
    const stale = packages.flatMap((one) => {
      const named = [...(one.readme ?? "").matchAll(/`(?:src\/)?([a-z0-9/-]+(?:\.[a-z0-9-]+)*\.ts)`/g)].map(([, name]) => name ?? "");
      return named.filter((name) => !files.some((file) => file.path.endsWith(`/${name}`))).map((name) => `${one.path}: ${name}`);
    });
    expect(stale).toEqual([]);
  });
});

/** Generated code is not under src; what only it imports is declared for it. */
function usedByGenerated(one: PackageFolder, name: string): boolean {
  const folder = join(ROOT, one.path, "gen");
  if (!existsSync(folder)) return false;
  return readdirSync(folder).some((file) => readFileSync(join(folder, file), "utf8").includes(`"${name}`));
}
