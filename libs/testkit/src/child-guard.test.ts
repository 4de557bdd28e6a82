import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterEach, beforeEach, expect, it } from "vitest";
import { waitFor } from "./wait-for.js";

let dir: string;
beforeEach(async () => (dir = await mkdtemp(join(tmpdir(), "meridian-guard-"))));
afterEach(() => rm(dir, { recursive: true, force: true }));

/** A process that starts `sleep 600` under guard, prints its pid, and then does `last`. */
async function parent(last: string): Promise<{ process: ReturnType<typeof spawn>; sleeper: number; folder: string }> {
  const source = await readFile(new URL("./child-guard.ts", import.meta.url), "utf8");
  const folder = join(dir, "to-remove");
  await mkdir(folder);
  const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  await writeFile(join(dir, "guard.mjs"), ts.transpileModule(source, { compilerOptions: options }).outputText);
  await writeFile(
    join(dir, "main.mjs"),
    `import { spawn } from "node:child_process";
     import { guardChild } from "./guard.mjs";
     const child = spawn("sleep", ["600"], { detached: true, stdio: "ignore" });
     const release = guardChild(child, ${JSON.stringify(folder)});
     child.unref();
     process.stdout.write(child.pid + "\\n", () => { ${last} });`,
  );
  const process = spawn(globalThis.process.execPath, [join(dir, "main.mjs")], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(process.stdout, "data")) as [Buffer];
  return { process, sleeper: Number(line.toString()), folder };
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it("kills the child and removes its folder when the process is killed", async () => {
  const { process, sleeper, folder } = await parent("setInterval(() => 0, 1000)");
  expect(alive(sleeper)).toBe(true);
  process.kill("SIGKILL");
  await waitFor(() => !alive(sleeper) && !existsSync(folder), { what: "the end of the child and its folder" });
});

it("kills the child when the process exits, even by an error", async () => {
  const { sleeper, folder } = await parent("process.exit(3)");
  await waitFor(() => !alive(sleeper) && !existsSync(folder), { what: "the end of the child and its folder" });
});

it("keeps the process from nothing, and a released child lives on", async () => {
  const { process, sleeper, folder } = await parent("release()");
  if (process.exitCode === null) await once(process, "exit");
  expect(alive(sleeper)).toBe(true);
  expect(existsSync(folder)).toBe(true);
  globalThis.process.kill(sleeper, "SIGKILL");
});
