import { createLogger, HttpServer, type LogFields, type ParentLogger } from "@meridian/shell";
import { MeridianError } from "@meridian/words";
import { expect, test } from "vitest";
import type { Pipeline, PipelineContext } from "./agent-pipeline.js";
import { agentRoutes } from "./agent-routes.js";
import { Agent } from "./agent.js";
import { AGENT_METRICS } from "./metrics.js";
import type { AgentOptions } from "./options.js";
import { boundedStatus, NAMES_MAX, OTHERS, readinessOf, type PipelineState, type PipelineStatus } from "./status.js";

/** A pipeline in memory that does what the test tells it. */
class TestPipeline implements Pipeline {
  readonly server: string;
  readonly calls: string[] = [];
  state: PipelineState = "starting";
  startError: Error | undefined;
  stopError: Error | undefined;
  fail!: (error: unknown) => void;

  constructor({ server }: PipelineContext) {
    this.server = server.name;
  }
  onFatal(report: (error: unknown) => void): void {
    this.fail = report;
  }
  async start(): Promise<void> {
    this.calls.push("start");
    if (this.startError !== undefined) throw this.startError;
    this.state = "running";
    await Promise.resolve();
  }
  async stop(): Promise<void> {
    this.calls.push("stop");
    this.state = "stopped";
    if (this.stopError !== undefined) throw this.stopError;
    await Promise.resolve();
  }
  status(): PipelineStatus {
    return pipelineStatus(this.server, this.state);
  }
}

function pipelineStatus(server: string, state: PipelineState): PipelineStatus {
  return {
    server,
    state,
    capture: { replicationId: "8f3a", offset: 1000, durableOffset: 900, mutations: 7, commands: 12, ownCommands: 5, isPaused: false },
    publish: { records: 3, mutations: 7, bytes: 700, pendingRecords: 1, pendingBytes: 70 },
    receive: { records: 4, mutations: 8, bytes: 800 },
    apply: { batches: 2, cells: 8, skipped: 1, retried: 1, inFlight: 1, conflicts: 2, readBacks: 3 },
    floats: { rule: "sum", increments: 0, asValues: 0 },
    evictions: { mode: "keep", seen: 4, keysAway: 2, untold: 1, unmatched: 0, unread: 0 },
    policies: { digest: "", localCommands: 0, foreignCommands: { "eu+us": 2 }, residencyCrossed: 0, rows: [], version: 0, stage: "done", awaits: [] },
    messages: { channels: [], relayed: 0, delivered: 0, waiting: 0, expired: 0, unwanted: 0, early: 0 },
    conflicts: { register: 2 },
    peers: [{ writer: "us/0", frontierMs: 1_800_000_000_000, lagMsP50: 3, lagMsP99: 9, lagMsP999: 20, lagSamples: 100, driftMs: -4, state: "up", queueBytes: 64, horizonAgeMs: 900 }],
    unsupported: { FLUSHALL: 1 },
    wholeValue: { list: 2 },
    store: { bytes: 4096, cells: 11 },
    stability: { waitingMs: 1200, waitsFor: ["us/0"], forgotten: 5, heartbeats: 6, fenced: [], silent: [] },
    clock: { aheadMs: 1 },
    log: { kind: "redis", state: "down", lastError: "refused" },
  };
}

interface Fixture {
  readonly agent: Agent;
  readonly pipelines: TestPipeline[];
  readonly fatal: unknown[];
  readonly lines: LogFields[];
}

function agentOf(names: readonly string[]): Fixture {
  const lines: LogFields[] = [];
  const pipelines: TestPipeline[] = [];
  const fatal: unknown[] = [];
  const logger: ParentLogger = createLogger({ name: "test", level: "debug", pretty: "never", destination: { write: (line) => void lines.push(JSON.parse(line) as LogFields) } });
  let nowMs = 1000;
  const options = { region: "eu", servers: names.map((name) => ({ name, url: "redis://h" })) } as unknown as AgentOptions;
  const agent = new Agent(options, {
    logger,
    version: "1.2.3",
    nowMs: () => (nowMs += 500),
    pipelines: (context) => {
      const made = new TestPipeline(context);
      pipelines.push(made);
      return made;
    },
  });
  agent.onFatal((error) => fatal.push(error));
  return { agent, pipelines, fatal, lines };
}

const fenced = new MeridianError("FENCED", "another agent has taken over", { advice: "stop one of them" });
const unavailable = new MeridianError("STORE_LOCKED", "held", { advice: "wait", retryable: true });

test("starts one pipeline per server and stops all, once", async () => {
  const { agent, pipelines, fatal } = agentOf(["0", "1"]);
  await agent.start();
  expect(readinessOf(agent.status())).toEqual({ ready: true, reasons: [] });
  await Promise.all([agent.stop(), agent.stop()]);
  expect(pipelines.map(({ server, calls }) => [server, calls])).toEqual([
    ["0", ["start", "stop"]],
    ["1", ["start", "stop"]],
  ]);
  expect(fatal).toEqual([]);
});

test("a refused pipeline ends alone and makes the agent unready; the agent fails with the last one", async () => {
  const { agent, pipelines, fatal, lines } = agentOf(["0", "1"]);
  await agent.start();
  pipelines[0]!.fail(fenced);
  expect(fatal).toEqual([]);
  expect(pipelines.map(({ calls }) => calls.includes("stop"))).toEqual([true, false]);
  expect(agent.status().pipelines).toMatchObject([{ state: "fenced", reason: "another agent has taken over", advice: "stop one of them" }, { state: "running" }]);
  expect(readinessOf(agent.status())).toEqual({ ready: false, reasons: ["server 0 is fenced: another agent has taken over"] });
  expect(lines).toMatchObject([{ level: "error", server: "0", err: { code: "FENCED" } }]);
  const refused = new MeridianError("SERVER_UNSUPPORTED", "too old", { advice: "upgrade" });
  pipelines[1]!.fail(refused);
  expect(fatal).toEqual([refused]);
  await agent.stop();
  expect(pipelines.map(({ calls }) => calls)).toEqual([["start", "stop"], ["start", "stop"]]);
});

test.each([
  ["a retryable error", unavailable],
  ["a mistake of the program", new TypeError("x is undefined")],
])("%s of one pipeline fails the agent at once, once", async (_, error) => {
  const { agent, pipelines, fatal } = agentOf(["0", "1"]);
  await agent.start();
  pipelines[1]!.fail(error);
  pipelines[0]!.fail(fenced);
  expect(fatal).toEqual([error]);
});

test("a start that fails rejects only where nothing is left", async () => {
  const one = agentOf(["0"]);
  one.pipelines[0]!.startError = fenced;
  await expect(one.agent.start()).rejects.toBe(fenced);
  const two = agentOf(["0", "1"]);
  two.pipelines[0]!.startError = fenced;
  await two.agent.start();
  expect(two.agent.status().pipelines.map(({ state }) => state)).toEqual(["fenced", "running"]);
});

test("stop ends every pipeline even where one cannot, and what ends then is no failure", async () => {
  const { agent, pipelines, fatal } = agentOf(["0", "1"]);
  await agent.start();
  pipelines[0]!.stopError = unavailable;
  const stopped = agent.stop();
  pipelines[1]!.fail(fenced);
  await expect(stopped).rejects.toBe(unavailable);
  expect(pipelines.every(({ calls }) => calls.includes("stop"))).toBe(true);
  expect(fatal).toEqual([]);
});

test("/status is plain JSON of the published shape", () => {
  const { agent } = agentOf(["0"]);
  const json = JSON.parse(JSON.stringify(agent.status())) as unknown;
  expect(json).toEqual({ region: "eu", version: "1.2.3", uptimeMs: 500, pipelines: [pipelineStatus("0", "starting")] });
});

test("lists of names are bounded, the largest counts are kept", () => {
  const unsupported = Object.fromEntries(Array.from({ length: NAMES_MAX + 10 }, (_, at) => [`C${at}`, at + 1]));
  const bounded = boundedStatus({ ...pipelineStatus("0", "running"), unsupported }).unsupported;
  expect(Object.keys(bounded)).toHaveLength(NAMES_MAX + 1);
  expect(bounded[OTHERS]).toBe(55);
  expect(bounded["C73"]).toBe(74);
});

test("answers over HTTP: health, readiness with reasons, status and metrics", async () => {
  const { agent, pipelines } = agentOf(["0", "1"]);
  await agent.start();
  const logger = createLogger({ name: "test", level: "silent", pretty: "never", destination: { write: () => {} } });
  const http = new HttpServer({ host: "127.0.0.1", port: 0, routes: agentRoutes(() => agent.status(), (server, query) => agent.conflicts(server, query)), logger });
  await http.start();
  const get = (path: string): Promise<Response> => fetch(http.url + path);
  expect((await get("/healthz")).status).toBe(200);
  expect((await get("/readyz")).status).toBe(200);
  pipelines[1]!.state = "waiting";
  const unready = await get("/readyz");
  expect([unready.status, await unready.json()]).toEqual([503, { ready: false, reasons: ["server 1 is waiting"] }]);
  expect(await (await get("/status")).json()).toMatchObject({ region: "eu", pipelines: [{ server: "0" }, { server: "1", state: "waiting" }] });
  const metrics = await get("/metrics");
  expect(metrics.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  const text = await metrics.text();
  for (const line of [
    'meridian_agent_info{region="eu",version="1.2.3"} 1',
    'meridian_pipeline_state{server="1",state="waiting"} 1',
    'meridian_capture_offset_bytes{server="0"} 1000',
    'meridian_capture_lag_bytes{server="0"} 100',
    'meridian_peer_lag_ms{server="0",peer="us/0",quantile="0.99"} 9',
    'meridian_peer_clock_drift_ms{server="0",peer="us/0"} -4',
    'meridian_unsupported_commands_total{server="0",command="FLUSHALL"} 1',
    'meridian_conflicts_total{server="0",rule="register"} 2',
    'meridian_log_up{server="0",kind="redis"} 0',
  ]) {
    expect(text).toContain(`${line}\n`);
  }
  await http.stop();
});

test("every metric is named by the rules, explained, and read from the status", () => {
  const status = { region: "eu", version: "1", uptimeMs: 1, pipelines: [pipelineStatus("0", "running")] };
  for (const metric of AGENT_METRICS) {
    expect(metric.name).toMatch(/^meridian_[a-z_]+$/);
    expect(metric.name.endsWith("_total")).toBe(metric.kind === "total");
    expect(metric.help).toMatch(/^\S.{10,}\.$|^1 /);
    const samples = metric.read(status);
    expect(samples.length).toBeGreaterThan(0);
    for (const sample of samples) expect(Object.keys(sample.labels).sort()).toEqual([...metric.labels].sort());
  }
  expect(new Set(AGENT_METRICS.map(({ name }) => name)).size).toBe(AGENT_METRICS.length);
});
