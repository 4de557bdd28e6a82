/** `meridian probe` against a real server, and what it prints of one that differs. */
import type { ProbeReport } from "@meridian/psync";
import { startRedis, type TestRedis } from "@meridian/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { EXIT } from "../exit-code.js";
import { runCli } from "../program.js";
import { RecordedTerminal } from "../terminal.js";
import { probeText } from "./probe-command.js";

let server: TestRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(async () => server.stop());

async function run(...args: string[]): Promise<{ code: number; terminal: RecordedTerminal }> {
  const terminal = new RecordedTerminal();
  const code = await runCli(["probe", ...args], { terminal, stop: new AbortController().signal, meshFolder: "/nowhere" });
  return { code, terminal };
}

it("finds every form of this server known, and leaves its keys alone", async () => {
  const client = server.client();
  await client.set("k", "mine");
  const { code, terminal } = await run("--server", `${server.host}:${server.port}`);
  expect([terminal.stderr, code]).toEqual(["", EXIT.ok]);
  expect(terminal.stdout).toMatch(new RegExp(`${server.version.kind} ${server.version.text}: \\d+ commands in \\d+ examples, every form is known`));
  expect(terminal.stdout).toContain("not tried: flushall: it would empty or exchange the dataset");
  expect([await client.get("k"), await client.dbsize()]).toEqual(["mine", 1]);
});

it("prints its report as JSON", async () => {
  const { code, terminal } = await run("--server", server.url, "--json");
  const report = JSON.parse(terminal.stdout) as ProbeReport;
  expect([code, report.unknown, report.version]).toEqual([EXIT.ok, [], server.version.text]);
});

it("shows what is unknown with what it means", () => {
  const report: ProbeReport = {
    kind: "redis",
    version: "9.9.9",
    commands: 2,
    examples: 5,
    unknown: [{ command: "append", sent: "APPEND k x", carried: "SET k vx", expected: "as sent", meaning: "peers may keep the old value" }],
    unlisted: ["json.set"],
    notTried: [{ command: "flushall", reason: "it would empty or exchange the dataset" }],
  };
  const text = probeText(report, new RecordedTerminal().color);
  for (const part of ["append: peers may keep", "SET k vx", "json.set", "not tried: flushall", "redis 9.9.9: 2 commands in 5 examples, 1 of them"]) expect(text).toContain(part);
});

it("refuses a server that does not answer", async () => {
  const { code, terminal } = await run("--server", "127.0.0.1:1");
  expect([code, terminal.stdout]).toEqual([EXIT.unusable, ""]);
});
