import { describe, expect, it } from "vitest";
import { EXIT } from "./exit-code.js";
import { runCli, version } from "./program.js";
import { RecordedTerminal } from "./terminal.js";

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const terminal = new RecordedTerminal();
  const code = await runCli(args, { terminal, stop: new AbortController().signal, meshFolder: "/nowhere" });
  return { code, stdout: terminal.stdout, stderr: terminal.stderr };
}

describe("meridian", () => {
  it("teaches: the help names every command, first steps and the exit codes", async () => {
    const { code, stdout } = await run("--help");
    expect(code).toBe(EXIT.ok);
    for (const part of ["dev", "status", "diff", "demo", "bench", "log", "First steps", "Exit codes"]) expect(stdout).toContain(part);
  });

  it.each(["dev", "status", "diff", "demo", "bench", "probe"])("explains %s with examples and exit codes", async (command) => {
    const { code, stdout } = await run(command, "--help");
    expect(code).toBe(EXIT.ok);
    expect(stdout).toContain(`meridian ${command}`);
    expect(stdout).toMatch(/Exit code: 0/);
  });

  it("prints its version", async () => {
    expect((await run("version")).stdout).toBe(`${version()}\n`);
    expect((await run("--version")).stdout).toBe(`${version()}\n`);
    expect(version()).toMatch(/^\d+\.\d+\.\d+/);
  });

  it.each([
    [["difff", "a", "b"], /unknown command.*Did you mean diff/s],
    [["diff", "a"], /missing required argument/],
    [["diff", "redis://127.0.0.1:1", "b", "--settle", "soon"], /Expected a whole number/],
    [["diff", "redis://a", "http://b"], /is not a server's URL/],
    [["diff", "redis://a/3", "redis://b"], /names database 3/],
    [["diff", "eu", "us"], /no local mesh is running/],
    [["diff", "redis://127.0.0.1:1", "redis://127.0.0.1:1"], /cannot read from 127.0.0.1:1/],
    [["dev", "--regions", "eu"], /two regions at least/],
    [["dev", "--regions", "eu,eu"], /named twice/],
    [["dev", "--regions", "eu,Bad Name"], /region name "Bad Name" is not valid/],
    [["dev", "--servers", "redis://a"], /3 regions but 1 servers/],
    [["dev", "eu", "us"], /"eu" is no flag of the agent/],
    [["dev", "--log", "paper"], /Allowed choices are redis, kafka/],
    [["dev", "--port-base", "80"], /Expected a whole number from 1024/],
    [["status", "--wat"], /unknown option/],
    [["demo", "--seconds", "0"], /Expected seconds from 1/],
    [["bench", "--workloads", "set,get"], /Expected some of set, mixed, counters/],
    [["bench", "--log", "paper"], /Allowed choices are redis, kafka, both/],
    [["log", "init", "--kind", "redis", "--regions", "eu"], /--url is missing/],
    [["log", "init", "--kind", "kafka", "--regions", "eu"], /--brokers is missing/],
    [["log", "init", "--kind", "redis", "--regions", "EU", "--url", "redis://127.0.0.1:1"], /is not valid/],
    [["log", "init", "--kind", "redis", "--regions", "eu,us", "--groups", "eu+mars", "--url", "redis://127.0.0.1:1"], /mars is not among/],
    [["log", "init", "--kind", "redis", "--regions", "eu,us", "--groups", "eu", "--url", "redis://127.0.0.1:1"], /no group of regions/],
    [["log", "init", "--kind", "redis", "--regions", "eu", "--url", "redis://127.0.0.1:1"], /log server redis:..127.0.0.1:1/],
  ])("refuses %j with exit code 2 and the reason", async (args, reason) => {
    const { code, stderr, stdout } = await run(...args);
    expect(stderr).toMatch(reason);
    expect(code).toBe(EXIT.unusable);
    expect(stdout).toBe("");
  });
});
