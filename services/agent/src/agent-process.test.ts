/** Needs built code: `npx tsc -b services/agent`. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const FIXTURE = fileURLToPath(new URL("../fixtures/idle-agent.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "meridian-agent-"));
const config = join(folder, "agent.yaml");
const children: ChildProcess[] = [];

/** Tests against code that was not built from these sources would prove nothing. */
beforeAll(() => {
  for (const name of ["libs/shell", "services/agent"]) {
    const built = join(ROOT, name, "tsconfig.tsbuildinfo");
    if (!existsSync(join(ROOT, name, "dist/index.js"))) throw new Error(`${name} is not built: run npx tsc -b services/agent`);
    const newest = Math.max(...readdirSync(join(ROOT, name, "src"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
      .map((file) => statSync(join(ROOT, name, "src", file)).mtimeMs));
    if (newest > statSync(built).mtimeMs) throw new Error(`${name} was changed after it was built: run npx tsc -b services/agent`);
  }
  writeFileSync(config, "region: eu\nservers: [{ url: redis://127.0.0.1:1 }]\nlog: { redis: { url: redis://127.0.0.1:1 } }\nhttp: { port: 0 }\n");
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

interface Running {
  readonly child: ChildProcess;
  readonly lines: Record<string, unknown>[];
  readonly errors: () => string;
  readonly exit: Promise<[code: number | null, signal: NodeJS.Signals | null]>;
}

function run(behaviour: string, args: readonly string[] = []): Running {
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("MERIDIAN_")));
  const child = spawn(process.execPath, [FIXTURE, "--config", config, ...args], { env: { ...environment, IDLE_AGENT: behaviour }, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  const lines: Record<string, unknown>[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line.startsWith("{") ? (JSON.parse(line) as Record<string, unknown>) : { text: line }));
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const exit = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  return { child, lines, errors: () => errors, exit };
}

function messages({ lines }: Running): unknown[] {
  return lines.map(({ msg }) => msg);
}

async function ready(running: Running): Promise<string> {
  await expect.poll(() => messages(running), { timeout: 10_000 }).toContain("started");
  return String(running.lines.find(({ msg }) => msg === "listening")!["url"]);
}

test("serves, names its address, drains on SIGTERM and ends with 0", async () => {
  const running = run("drain");
  const url = await ready(running);
  const answers = await Promise.all(["/healthz", "/readyz", "/status", "/metrics"].map((path) => fetch(url + path)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(await answers[2]!.json()).toMatchObject({ region: "eu", version: "0.0.0-idle", pipelines: [{ server: "0", state: "running" }] });
  running.child.kill("SIGTERM");
  expect(await running.exit).toEqual([0, null]);
  expect(messages(running)).toEqual(["starting", "listening", "started", "stopping", "drained", "ended"]);
  expect(running.lines.at(-1)).toMatchObject({ exitCode: 0 });
});

test("what does not stop in time ends with 6 and is named", async () => {
  const running = run("stuck", ["--shutdown-deadline-ms", "200"]);
  await ready(running);
  running.child.kill("SIGINT");
  expect(await running.exit).toEqual([6, null]);
  expect(running.lines.find(({ msg }) => msg === "not stopped in time")).toMatchObject({ parts: ["agent", "http"] });
});

test("a second signal ends it at once", async () => {
  const running = run("stuck");
  await ready(running);
  running.child.kill("SIGTERM");
  await expect.poll(() => messages(running)).toContain("stopping");
  running.child.kill("SIGTERM");
  expect(await running.exit).toEqual([143, null]);
});

test("a fenced agent ends with 3", async () => {
  const running = run("fenced");
  expect(await running.exit).toEqual([3, null]);
  expect(running.lines.find(({ msg }) => msg === "failed; stopping")).toMatchObject({ err: { code: "FENCED", advice: "stop one" } });
});

test("an unhandled rejection ends it with 1, and the log says why", async () => {
  const running = run("reject");
  expect(await running.exit).toEqual([1, null]);
  expect(running.lines.find(({ msg }) => msg === "crashed")).toMatchObject({ err: { message: "nobody caught this" } });
});

test("bad options end it with 2, before anything is started, readable on standard error", async () => {
  const running = run("drain", ["--region=EU", "--http-prot", "1"]);
  expect(await running.exit).toEqual([2, null]);
  expect(messages(running)).toEqual([]);
  expect(running.errors()).toContain("2 options are wrong");
  expect(running.errors()).toContain("did you mean --http-port?");
});

test("--help ends with 0", async () => {
  const running = run("drain", ["--help"]);
  expect(await running.exit).toEqual([0, null]);
  expect(running.lines.map(({ text }) => text).join("\n")).toContain("Exit codes:");
});

test("a port that is taken ends it with 5", async () => {
  const first = run("drain");
  const port = new URL(await ready(first)).port;
  const second = run("drain", ["--http-port", port]);
  expect(await second.exit).toEqual([5, null]);
});
