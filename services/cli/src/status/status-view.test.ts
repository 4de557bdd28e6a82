import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXIT } from "../exit-code.js";
import { runCli } from "../program.js";
import { RecordedTerminal } from "../terminal.js";
import { fetchStatus } from "./agent-poll.js";
import { readAgentStatus } from "./agent-status.js";
import { statusText } from "./status-table.js";
import { statusView } from "./status-view.js";

/** As an agent prints it. */
function recorded(change: Record<string, unknown> = {}, uptimeMs = 60_000): Record<string, unknown> {
  return {
    region: "eu",
    version: "0.1.0",
    uptimeMs,
    pipelines: [
      {
        server: "0",
        state: "running",
        capture: { replicationId: "ab", offset: 900, durableOffset: 800, mutations: 1_000, commands: 700, ownCommands: 20 },
        publish: { records: 10, mutations: 1_000, bytes: 5_000, pendingRecords: 0, pendingBytes: 0 },
        receive: { records: 5, mutations: 400, bytes: 2_000 },
        apply: { batches: 4, cells: 390, skipped: 3, retried: 2, inFlight: 0, conflicts: 7, readBacks: 0 },
        peers: [{ writer: "us/0", frontierMs: 1, lagMsP50: 3.21, lagMsP99: 47.4, lagSamples: 12, driftMs: 2, state: "up", queueBytes: 0 }],
        unsupported: {},
        wholeValue: {},
        store: { bytes: 3_500_000, cells: 12_345 },
        clock: { aheadMs: 0 },
        log: { kind: "redis", state: "up" },
        ...change,
      },
    ],
  };
}

const text = (view: ReturnType<typeof statusView>): string => statusText(view, new RecordedTerminal().color);
const answer = (status: unknown, atMs: number) => ({ url: "http://eu", atMs, status: readAgentStatus(status, "http://eu") });

describe("statusView", () => {
  it("gives rates per second from the difference of two answers", () => {
    const later = recorded({ capture: { mutations: 3_000 }, apply: { cells: 890, conflicts: 8 } });
    const view = statusView([answer(later, 3_000)], [answer(recorded(), 1_000)]);
    expect(view.rows[0]!.rates).toEqual({ captured: 1_000, published: 0, received: 0, applied: 250, conflicts: 1 });
    expect(view.healthy).toBe(true);
  });

  it("gives no rates at first, nor across a restart of the agent", () => {
    expect(statusView([answer(recorded(), 1_000)]).rows[0]!.rates).toBeUndefined();
    const restarted = answer(recorded({}, 500), 2_000);
    expect(statusView([restarted], [answer(recorded(), 1_000)]).rows[0]!.rates).toBeUndefined();
  });

  it("is not healthy where a pipeline waits, the log is down or an agent is out of reach", () => {
    expect(statusView([answer(recorded({ state: "waiting" }), 1)]).healthy).toBe(false);
    expect(statusView([answer(recorded({ log: { kind: "redis", state: "down" } }), 1)]).healthy).toBe(false);
    expect(statusView([answer(recorded(), 1), { url: "http://us", atMs: 1, error: "refused" }]).healthy).toBe(false);
    expect(statusView([]).healthy).toBe(false);
  });

  it("reads a status of another version: absent figures are 0", () => {
    const status = readAgentStatus({ region: "eu", pipelines: [{ state: "running", more: 1 }] }, "http://eu");
    expect(status.pipelines[0]).toMatchObject({ state: "running", peers: [], capture: { offset: 0 } });
    expect(() => readAgentStatus({ hello: 1 }, "http://eu")).toThrow(/no Meridian agent/);
  });
});

describe("statusText", () => {
  it("shows lag per peer, conflicts, the store and the log", () => {
    const shown = text(statusView([answer(recorded(), 1_000)], [answer(recorded(), 0)]));
    for (const part of ["eu", "running", "us 3.2 ms / 47 ms", "7", "3.3 MB", "12,345 cells", "redis up", "0/s"]) {
      expect(shown).toContain(part);
    }
  });

  it("names what is not replicated, what is replicated whole, and what holds a pipeline up", () => {
    const change = {
      state: "quarantined",
      reason: "FLUSHALL was executed",
      advice: "rehydrate or flush everywhere",
      unsupported: { PUBLISH: 3, FUNCTION: 0 },
      wholeValue: { list: 1_200, stream: 2 },
      notices: ["hash-field expiry is not replicated"],
      log: { kind: "redis", state: "down", lastError: "connection refused" },
    };
    const shown = text(statusView([answer(recorded(change), 1), { url: "http://us:1", atMs: 1, error: "refused" }]));
    expect(shown).toContain("eu is quarantined: FLUSHALL was executed; rehydrate or flush everywhere");
    expect(shown).toContain("eu: not replicated: PUBLISH (3)\n");
    expect(shown).toContain("eu: hash-field expiry is not replicated\n");
    expect(shown).toContain("replicated as whole values, last writer wins: list (1,200), stream (2)");
    expect(shown).toContain("eu: log: connection refused");
    expect(shown).toContain("(http://us:1): refused");
  });
});

describe("meridian status", () => {
  let server: Server;
  let url: string;
  let asked: number;
  beforeEach(async () => {
    asked = 0;
    server = createServer((request, response) => {
      asked += 1;
      response.statusCode = request.url === "/status" ? 200 : 404;
      response.end(JSON.stringify(recorded({ capture: { mutations: asked * 100 } }, asked * 1_000)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const run = async (...args: string[]) => {
    const terminal = new RecordedTerminal();
    const stop = new AbortController();
    const code = await runCli(["status", ...args], { terminal, stop: stop.signal, meshFolder: "/nowhere" });
    return { code, ...{ stdout: terminal.stdout, stderr: terminal.stderr } };
  };

  it("prints JSON once where the output is no terminal, with rates", async () => {
    const { code, stdout } = await run("--agents", url, "--json");
    expect(code).toBe(EXIT.ok);
    const view = JSON.parse(stdout) as { rows: { region: string; rates: { captured: number } }[] };
    expect(view.rows[0]).toMatchObject({ region: "eu" });
    expect(view.rows[0]!.rates.captured).toBeGreaterThan(50);
    expect(asked).toBe(2);
  });

  it("shows an agent out of reach and says so with the exit code", async () => {
    const { code, stdout } = await run("--agents", `${url},http://127.0.0.1:1`, "--once");
    expect(code).toBe(EXIT.unmet);
    expect(stdout).toContain("out of reach");
  });

  it("refuses: no mesh, nothing that answers, a URL that is none", async () => {
    expect(await run()).toMatchObject({ code: EXIT.unusable, stderr: expect.stringContaining("no local mesh is running") as string });
    expect(await run("--agents", "http://127.0.0.1:1")).toMatchObject({ code: EXIT.unusable });
    expect(await run("--agents", "127.0.0.1:80")).toMatchObject({
      code: EXIT.unusable,
      stderr: expect.stringContaining("is not an agent's URL") as string,
    });
    await expect(fetchStatus(`${url}/elsewhere`)).rejects.toMatchObject({ code: "AGENT_UNAVAILABLE" });
  });
});
