/** Policies of a running mesh, by the command line: shown, tried, changed, refused, waited for, taken back. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "@meridian/testkit";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EXIT } from "../exit-code.js";
import { startMesh, type Mesh } from "../mesh/mesh.js";
import { runCli } from "../program.js";
import { RecordedTerminal } from "../terminal.js";

let mesh: Mesh;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "meridian-test-"));
  mesh = await startMesh({ regions: ["eu", "us"], agentArgs: ["--policies-0-prefix", "cache:", "--policies-0-policy", "local"] });
}, 60_000);
afterAll(async () => {
  await mesh.stop();
  rmSync(folder, { recursive: true });
});

const urls = (): string => mesh.regions.map(({ agentUrl }) => agentUrl).join(",");

async function policy(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const terminal = new RecordedTerminal();
  const agents = words.includes("--agents") ? [] : ["--agents", urls()];
  const code = await runCli(["policy", ...words, ...agents], { terminal, stop: new AbortController().signal, meshFolder: folder });
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

async function rows(): Promise<string[]> {
  const { stdout } = await policy("show", "--json");
  const { agree, regions } = JSON.parse(stdout) as { agree: boolean; regions: { rows: { prefix: string; policy: string }[] }[] };
  expect(agree).toBe(true);
  const [eu, us] = regions.map((region) => region.rows.map(({ prefix, policy: held }) => `${prefix}=${held}`));
  expect(eu).toEqual(us);
  return eu ?? [];
}

test("what runs is shown, tried, changed in every region, and taken from a file", async () => {
  expect(await rows()).toEqual(["cache:=local"]);
  const tried = await policy("set", "session:=local", "--dry-run");
  expect(tried).toMatchObject({ code: EXIT.ok, stdout: expect.stringMatching(/"session:" {2}crdt -> local: the keys stay[^]*every region would take it/) as string });
  expect(await rows()).toEqual(["cache:=local"]);

  expect(await policy("set", "session:=local", "cart:=home=eu")).toMatchObject({ code: EXIT.ok, stdout: expect.stringContaining("in force in every region: change 1") as string });
  expect((await rows()).sort()).toEqual(["cache:=local", "cart:=home=eu", "session:=local"]);
  const [eu, us] = mesh.regions.map(({ url }) => new Redis(url)) as [Redis, Redis];
  await eu.mset("session:1", "eu", "shared", "1");
  await waitFor(async () => (await us.get("shared")) === "1", { what: "the shared key in us" });
  expect(await us.exists("session:1")).toBe(0);

  const file = join(folder, "policies.json");
  writeFileSync(file, JSON.stringify({ policies: [{ prefix: "cache:", policy: "local" }] }));
  const back = await policy("set", file, "--json");
  expect([back.code, JSON.parse(back.stdout)]).toMatchObject([EXIT.ok, { state: "in force", version: 2 }]);
  await waitFor(async () => (await us.get("session:1")) === "eu", { what: "what was local in us" });
  for (const client of [eu, us]) client.disconnect();
});

test.each([
  ["a word that is no change", ["set", "session"], /"session" is neither prefix=policy nor a file/],
  ["the table that runs", ["set", "cache:=local"], /it is the table that runs/],
  ["what needs a step between", ["set", "s:=lww"], /s:[^]*change it to local/],
  ["residency, which cannot change while it runs", ["set", "s:=regions=eu,us"], /regions=/],
  ["nothing to take back", ["cancel"], /there is no change under way/],
])("%s is refused, and nothing changes", async (_, words, reason) => {
  const before = await rows();
  expect(await policy(...words)).toMatchObject({ code: EXIT.unusable, stderr: expect.stringMatching(reason) as string });
  expect(await rows()).toEqual(before);
});

test("a region that is away is waited for, named, and the change can be taken back", async () => {
  await mesh.killAgent("us");
  const eu = ["--agents", mesh.region("eu").agentUrl];
  const runs = async (): Promise<unknown> => {
    const { regions } = JSON.parse((await policy("show", "--json", ...eu)).stdout) as { regions: { rows: unknown; version: number }[] };
    return regions.map(({ rows: held, version }) => ({ held, version }));
  };
  const before = await runs();
  expect(await policy("set", "late:=local")).toMatchObject({ code: EXIT.unusable, stderr: expect.stringContaining("does not answer") as string });
  expect(await policy("set", "late:=local", "--wait", "1", ...eu)).toMatchObject({ code: EXIT.unmet, stdout: expect.stringMatching(/us\/0 has not agreed/) as string });
  expect(await policy("cancel", ...eu)).toMatchObject({ code: EXIT.ok, stdout: expect.stringContaining("was taken back") as string });
  expect(await runs()).toEqual(before);
  await mesh.restartAgent("us");
  await waitFor(async () => (await policy("set", "late:=local", "--dry-run")).code === EXIT.ok, { timeoutMs: 10_000, what: "us to answer again" });
});
