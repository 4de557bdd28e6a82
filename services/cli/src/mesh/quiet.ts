/**
 * Waiting until a mesh has nothing left to do, after its clients have stopped writing.
 *
 * Quiet means, at two looks in a row with nothing counted between them: every pipeline runs with its log up; what the
 * server had executed is captured and durable; nothing is to be published, received or applied; and for every writer
 * all other regions stand at the same frontier. Gives up after a stated time and says what was missing.
 */
import { setTimeout as delay } from "node:timers/promises";
import { MeridianError } from "@meridian/words";
import { serverAddress } from "../diff/server-address.js";
import { ServerConnection } from "../diff/server-connection.js";
import { bytesOf } from "../diff/value-differences.js";
import { fetchStatus } from "../status/agent-poll.js";
import type { AgentStatus, PipelineStatus } from "../status/agent-status.js";

/** One region: its server and its agent. */
export interface QuietRegion {
  readonly region: string;
  readonly url: string;
  readonly agentUrl: string;
}

/** How long to wait. */
export interface QuietOptions {
  /** 60,000 by default. */
  readonly timeoutMs?: number;
  /** Between two looks; 150 by default. */
  readonly intervalMs?: number;
  /** Told what is still missing. */
  readonly onWait?: (missing: string) => void;
  readonly signal?: AbortSignal;
}

/** A quiet mesh. */
export interface Quiet {
  /** How long it took. */
  readonly durationMs: number;
  readonly statuses: readonly AgentStatus[];
}

/** Waits; see the module's comment. Throws `AGENT_UNAVAILABLE` where the time passes first. */
export async function waitForQuiet(regions: readonly QuietRegion[], options: QuietOptions = {}): Promise<Quiet> {
  const { timeoutMs = 60_000, intervalMs = 150, onWait, signal } = options;
  const startedMs = performance.now();
  const writesEndedMs = Date.now();
  const servers = await Promise.all(regions.map(({ region, url }) => ServerConnection.open(serverAddress(url, region))));
  try {
    let missing = "the first look";
    for (let countedBefore: string | undefined; ; ) {
      const offsets = await Promise.all(servers.map(streamOffset));
      const statuses = await Promise.all(regions.map(({ agentUrl }) => fetchStatus(agentUrl))).catch((error: unknown) => String(error));
      if (typeof statuses === "string") {
        missing = statuses;
      } else {
        const counted = countedText(statuses);
        missing = missingText(statuses, offsets, writesEndedMs) ?? (counted === countedBefore ? "" : "a moment without anything");
        if (missing === "") return { durationMs: performance.now() - startedMs, statuses };
        countedBefore = counted;
      }
      onWait?.(missing);
      if (performance.now() - startedMs > timeoutMs) throw gaveUp(missing, timeoutMs);
      await delay(intervalMs, undefined, signal === undefined ? {} : { signal });
    }
  } finally {
    servers.forEach((server) => server.close());
  }
}

function gaveUp(missing: string, timeoutMs: number): MeridianError {
  return new MeridianError("AGENT_UNAVAILABLE", `the mesh did not become quiet within ${timeoutMs / 1_000} s: ${missing}`, {
    advice: "look at `meridian status` and the agents' logs",
    retryable: true,
  });
}

/** The end of the server's replication stream. */
async function streamOffset(server: ServerConnection): Promise<number> {
  const text = bytesOf(await server.call("INFO", "replication")).toString();
  return Number(/^master_repl_offset:(\d+)/m.exec(text)?.[1] ?? 0);
}

/** What keeps the mesh from being quiet, or undefined. */
function missingText(statuses: readonly AgentStatus[], offsets: readonly number[], writesEndedMs: number): string | undefined {
  for (const [index, { region, pipelines }] of statuses.entries()) {
    for (const pipeline of pipelines) {
      const missing = missingOf(pipeline, offsets[index]!);
      if (missing !== undefined) return `${region}: ${missing}`;
    }
  }
  return frontierGap(statuses, writesEndedMs);
}

function missingOf(pipeline: PipelineStatus, offset: number): string | undefined {
  const { state, log, capture, publish, apply, peers } = pipeline;
  if (state !== "running") return `it is ${state}${pipeline.reason === undefined ? "" : ` (${pipeline.reason})`}`;
  if (log.state !== "up") return `its log is ${log.state}`;
  if (capture.durableOffset < offset) return `${offset - capture.durableOffset} bytes of its stream are not yet durable`;
  if (publish.pendingRecords > 0) return `${publish.pendingRecords} records are to be published`;
  if (apply.inFlight > 0) return `${apply.inFlight} applies are in flight`;
  const busy = peers.find(({ state: peer, queueBytes }) => peer !== "up" || queueBytes > 0);
  return busy === undefined ? undefined : `${busy.writer} is ${busy.state}, ${busy.queueBytes} bytes of it are waiting`;
}

/** All regions but its own must have merged the same of a writer, unless they are past the end of the writes anyway. */
function frontierGap(statuses: readonly AgentStatus[], writesEndedMs: number): string | undefined {
  const highest = new Map<string, number>();
  const all = statuses.flatMap(({ region, pipelines }) =>
    pipelines.flatMap(({ peers }) => peers.map(({ writer, frontierMs }) => ({ region, writer, frontierMs }))),
  );
  for (const { writer, frontierMs } of all) highest.set(writer, Math.max(highest.get(writer) ?? 0, frontierMs));
  const behind = all.find(({ writer, frontierMs }) => frontierMs < Math.min(highest.get(writer)!, writesEndedMs));
  return behind === undefined ? undefined : `${behind.region} has not merged all of ${behind.writer}`;
}

/** Whatever counts mutations; frontiers and offsets are left out, because an idle agent may still beat time. */
function countedText(statuses: readonly AgentStatus[]): string {
  return JSON.stringify(
    statuses.map(({ pipelines }) =>
      pipelines.map(({ capture, publish, receive, apply }) => [capture.mutations, publish.mutations, receive.mutations, apply.cells]),
    ),
  );
}
