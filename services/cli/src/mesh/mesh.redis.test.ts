import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startRedis } from "@meridian/testkit";
import { EXIT } from "../exit-code.js";
import { runCli } from "../program.js";
import { RecordedTerminal } from "../terminal.js";
import { findMeshes } from "./mesh-file.js";
import { startMesh, type Mesh } from "./mesh.js";

/** Stands for the agent, where only its life as a process matters: reads its configuration, answers, ends on SIGTERM. */
const STAND_IN = `
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
const config = JSON.parse(readFileSync(process.argv[process.argv.indexOf("--config") + 1], "utf8"));
if (config.refuse) { console.error("refused: " + config.refuse); process.exit(3); }
const pipelines = [{ state: config.quarantined ? "quarantined" : "running", reason: config.quarantined }];
createServer((request, response) => {
  response.statusCode = config.quarantined && request.url === "/readyz" ? 503 : 200;
  response.end(JSON.stringify({ region: config.region, pipelines, config, variables: Object.keys(process.env) }));
}).listen(config.http.port, config.http.host);
`;

let folder: string;
let agentMain: string;
let mesh: Mesh | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "meridian-test-"));
  agentMain = join(folder, "agent.mjs");
  writeFileSync(agentMain, STAND_IN);
});
afterEach(async () => {
  await mesh?.stop();
  mesh = undefined;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function listens(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

function runs(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function configOf(url: string): Promise<{ config: Record<string, unknown>; variables: string[] }> {
  return (await (await fetch(`${url}/status`)).json()) as { config: Record<string, unknown>; variables: string[] };
}

describe("startMesh", () => {
  it("starts everything with the right configuration and leaves nothing behind", async () => {
    process.env["MERIDIAN_REGION"] = "elsewhere";
    mesh = await startMesh({ regions: ["eu", "us", "ap"], agentMain });
    delete process.env["MERIDIAN_REGION"];
    const addresses = [mesh.log.address, ...mesh.regions.flatMap(({ url, agentUrl }) => [url, agentUrl])];
    const pids = [mesh.log.pid, ...mesh.regions.flatMap(({ server, agent }) => [server!.pid, agent.pid])];
    expect(await Promise.all(addresses.map(listens))).toEqual(addresses.map(() => true));
    expect(pids.every(runs)).toBe(true);
    const { config, variables } = await configOf(mesh.region("us").agentUrl);
    expect(config).toMatchObject({
      region: "us",
      peers: ["eu", "ap"],
      servers: [{ name: "0", url: mesh.region("us").url }],
      log: { kind: "redis", redis: { url: mesh.log.address } },
    });
    expect(variables).not.toContain("MERIDIAN_REGION");
    expect(() => mesh!.region("mars")).toThrow(/no region "mars"/);
    await mesh.stop();
    expect(await Promise.all(addresses.map(listens))).toEqual(addresses.map(() => false));
    expect(pids.some(runs)).toBe(false);
    expect(existsSync(mesh.dir)).toBe(false);
  });

  it("kills and restarts an agent on request, without calling that a failure", async () => {
    mesh = await startMesh({ regions: ["eu", "us"], agentMain });
    const { agent, agentUrl } = mesh.region("eu");
    const before = agent.pid;
    await mesh.killAgent("eu");
    expect(runs(before)).toBe(false);
    expect(await listens(agentUrl)).toBe(false);
    await mesh.restartAgent("eu");
    expect(agent.pid).not.toBe(before);
    expect(await listens(agentUrl)).toBe(true);
    const pending = await Promise.race([mesh.failure, Promise.resolve("none")]);
    expect(pending).toBe("none");
  });

  it("ends an agent that is only being started", async () => {
    mesh = await startMesh({ regions: ["eu", "us"], agentMain });
    const { agent, agentUrl } = mesh.region("eu");
    await agent.kill();
    const start = agent.start().catch((error: unknown) => String(error));
    await agent.kill();
    expect(await start).toMatch(/ended with SIGKILL/);
    expect([agent.pid, await listens(agentUrl)]).toEqual([undefined, false]);
    await agent.start();
    expect(await listens(agentUrl)).toBe(true);
  });

  it.each([
    ["an agent", (running: Mesh) => running.region("us").agent.pid, /agent of us ended with SIGKILL/],
    ["a server", (running: Mesh) => running.region("us").server!.pid, /server of us has ended/],
    ["the log", (running: Mesh) => running.log.pid, /log server .* has ended/],
  ])("reports %s that ends by itself", async (_, pidOf, reason) => {
    mesh = await startMesh({ regions: ["eu", "us"], agentMain });
    process.kill(pidOf(mesh)!, "SIGKILL");
    expect(await mesh.failure).toMatch(reason);
  });

  it("uses servers that are given and leaves them alone", async () => {
    const given = await Promise.all([startRedis(), startRedis()]);
    try {
      mesh = await startMesh({ regions: ["eu", "us"], servers: given.map(({ url }) => url), agentMain });
      expect(mesh.regions.map(({ url }) => url)).toEqual(given.map(({ url }) => url));
      await mesh.stop();
      expect(await Promise.all(given.map(({ url }) => listens(url)))).toEqual([true, true]);
    } finally {
      await Promise.all(given.map((server) => server.stop()));
    }
  });

  it("keeps data in a folder for the next run", async () => {
    const dataDir = join(folder, "kept");
    mesh = await startMesh({ regions: ["eu", "us"], agentMain, dataDir });
    const client = new Redis(mesh.region("eu").url);
    await client.set("k", "v");
    client.disconnect();
    await mesh.stop();
    mesh = await startMesh({ regions: ["eu", "us"], agentMain, dataDir });
    const again = new Redis(mesh.region("eu").url);
    expect(await again.get("k")).toBe("v");
    again.disconnect();
    await mesh.stop();
    expect(readdirSync(dataDir).sort()).toEqual(["eu", "log", "us"]);
  });

  it("shows the agent's last words where it does not start, and stops what had started", async () => {
    const started: string[] = [];
    const start = startMesh({
      regions: ["eu", "us"],
      agentMain,
      agentConfig: (region) => (region === "us" ? { refuse: "no such peer" } : {}),
      onStep: (step) => started.push(step),
    });
    await expect(start).rejects.toMatchObject({ code: "AGENT_FAILED", message: expect.stringContaining("refused: no such peer") as string });
    expect(started.at(-1)).toBe("2 agents");
    await expect(startMesh({ regions: ["eu", "us"], agentMain: "/nowhere/main.js" })).rejects.toThrow(/not built/);
  });

  it("does not wait for an agent that only an operator can help", async () => {
    const quarantined = { quarantined: "the server has another history" };
    const start = startMesh({ regions: ["eu", "us"], agentMain, agentConfig: (region) => (region === "us" ? quarantined : {}) });
    await expect(start).rejects.toThrow(/agent of us did not start: it is quarantined: the server has another history/);
  });

  it("gives up a start when it is told to", async () => {
    const stop = new AbortController();
    const start = startMesh({ regions: ["eu", "us"], agentMain, signal: stop.signal, onStep: (step) => step.startsWith("server of us") && stop.abort() });
    await expect(start).rejects.toThrow(/given up/);
  });
});

describe("meridian dev", () => {
  it("prints endpoints as JSON, is found by others, and ends when it is told to", async () => {
    const stop = new AbortController();
    const terminal = new RecordedTerminal();
    const out = terminal.out.bind(terminal);
    let meshes: ReturnType<typeof findMeshes> = [];
    terminal.out = (text) => {
      out(text);
      meshes = findMeshes(folder);
      stop.abort();
    };
    const args = ["dev", "--json", "--regions", "eu,us", "--agent-main", agentMain];
    const code = await runCli(args, { terminal, stop: stop.signal, meshFolder: folder });
    expect(terminal.stderr).toBe("stopping ...\n");
    expect(code).toBe(EXIT.ok);
    const printed = JSON.parse(terminal.stdout) as { pid: number; regions: { region: string; url: string }[] };
    expect(printed.regions.map(({ region }) => region)).toEqual(["eu", "us"]);
    expect(meshes).toEqual([expect.objectContaining({ pid: process.pid, regions: printed.regions })]);
    expect(findMeshes(folder)).toEqual([]);
    expect(await listens(printed.regions[0]!.url)).toBe(false);
  });
});
