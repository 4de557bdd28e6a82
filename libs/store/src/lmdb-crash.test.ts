/**
 * SIGKILL at random moments: after every restart the store equals a prefix of the commits, up to the last one that
 * returned or the one after it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { batchOf, CRASH_OWNER } from "./crash-child.js";
import { openLmdbStore } from "./lmdb-store.js";
import { STORE_TABLES } from "./port.js";

const ROUNDS = 15;
const LIFE_MS_MAX = 250;
const SOURCES = fileURLToPath(new URL("./", import.meta.url));
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "meridian-crash-"));
  const modules = join(folder, "node_modules");
  transpile(join(ROOT, "libs/words/src"), join(modules, "@meridian/words"));
  writeFileSync(join(modules, "@meridian/words/package.json"), JSON.stringify({ type: "module", exports: "./index.js" }));
  transpile(SOURCES, join(folder, "store"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  symlinkSync(join(ROOT, "node_modules/lmdb"), join(modules, "lmdb"));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The child is a plain node process, and must not depend on a build. */
function transpile(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from).filter((each) => each.endsWith(".ts") && !/test|acceptance/.test(each))) {
    const { outputText } = ts.transpileModule(readFileSync(join(from, name), "utf8"), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true },
    });
    writeFileSync(join(to, name.replace(/ts$/, "js")), outputText);
  }
}

/** Lets a child commit from `first` on for a while, kills it, and returns the last number that it has said. */
async function liveAndDie(path: string, first: number, lifeMs: number): Promise<number> {
  const child = spawn(process.execPath, [join(folder, "store/crash-child.js"), path, String(first)], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const closed = once(child, "close");
  await Promise.race([once(child.stdout, "data"), closed]);
  setTimeout(() => child.kill("SIGKILL"), lifeMs);
  const [, signal] = (await closed) as [number | null, string | null];
  expect(signal).toBe("SIGKILL");
  return Number(said.slice(0, said.lastIndexOf("\n")).split("\n").at(-1));
}

describe("a store whose process is killed", () => {
  it(`is a prefix of its commits, ${ROUNDS} times in a row on the same folder`, async () => {
    const path = join(folder, "data");
    const model = new Map<string, Buffer>();
    let next = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const acknowledged = await liveAndDie(path, next, Math.random() * LIFE_MS_MAX);
      const store = openLmdbStore({ path, owner: CRASH_OWNER });
      const reached = Number(store.get("state", "number")?.toString());
      expect(reached === acknowledged || reached === acknowledged + 1).toBe(true);
      for (; next <= reached; next += 1) {
        for (const { table, key, value } of batchOf(next)) {
          if (value === undefined) model.delete(`${table} ${key}`);
          else model.set(`${table} ${key}`, value);
        }
      }
      let entries = 0;
      for (const table of STORE_TABLES) {
        for (const [key, value] of store.range(table, "\0", "\xff")) {
          entries += 1;
          if (model.get(`${table} ${key}`)?.equals(value) !== true) expect.fail(`${table} ${key} is not as committed`);
        }
      }
      expect(entries).toBe(model.size);
      await store.close();
    }
    expect(next).toBeGreaterThan(ROUNDS * 5);
  }, 60_000);
});
