/**
 * The state of a mesh as `meridian status` shows it: what agents answered, with rates from the difference to the
 * answer before. Plain data, and what `--json` prints.
 */
import type { AgentAnswer } from "./agent-poll.js";
import type { PipelineStatus } from "./agent-status.js";

/** One line of the table: a captured server, or an agent out of reach. */
export interface StatusRow {
  readonly region: string;
  readonly agentUrl: string;
  /** Why the agent could not be asked. */
  readonly error?: string;
  readonly version?: string;
  readonly uptimeMs?: number;
  readonly pipeline?: PipelineStatus;
  /** Per second since the answer before; not there in the first view and after a restart of the agent. */
  readonly rates?: StatusRates;
}

/** Per second. */
export interface StatusRates {
  /** Mutations captured from the server's stream. */
  readonly captured: number;
  /** Mutations written to the log. */
  readonly published: number;
  /** Mutations read from the peers' logs. */
  readonly received: number;
  /** Cells written to the server. */
  readonly applied: number;
  readonly conflicts: number;
}

/** A view. */
export interface StatusView {
  /** True where every agent answered and every pipeline runs with its log up. */
  readonly healthy: boolean;
  readonly rows: readonly StatusRow[];
}

/** Builds the view from the answers and, where there is one, the answers before. */
export function statusView(answers: readonly AgentAnswer[], before: readonly AgentAnswer[] = []): StatusView {
  const earlier = new Map(before.map((answer) => [answer.url, answer]));
  const rows = answers.flatMap((answer) => rowsOf(answer, earlier.get(answer.url)));
  const healthy = rows.every(({ pipeline }) => pipeline?.state === "running" && pipeline.log.state === "up");
  return { healthy: healthy && rows.length > 0, rows };
}

function rowsOf(answer: AgentAnswer, before: AgentAnswer | undefined): StatusRow[] {
  const { url } = answer;
  if ("error" in answer) {
    const region = before !== undefined && "status" in before ? before.status.region : "?";
    return [{ region, agentUrl: url, error: answer.error }];
  }
  const { region, version, uptimeMs, pipelines } = answer.status;
  // an agent that has started again counts from 0
  const comparable = before !== undefined && "status" in before && before.status.uptimeMs <= uptimeMs ? before : undefined;
  return pipelines.map((pipeline) => {
    const earlier = comparable?.status.pipelines.find(({ server }) => server === pipeline.server);
    const row = { region, agentUrl: url, version, uptimeMs, pipeline };
    if (earlier === undefined || comparable === undefined) return row;
    return { ...row, rates: ratesOf(earlier, pipeline, answer.atMs - comparable.atMs) };
  });
}

function ratesOf(before: PipelineStatus, now: PipelineStatus, elapsedMs: number): StatusRates {
  const perSecond = (earlier: number, later: number): number =>
    elapsedMs <= 0 ? 0 : Math.round((Math.max(0, later - earlier) * 1_000) / elapsedMs);
  return {
    captured: perSecond(before.capture.mutations, now.capture.mutations),
    published: perSecond(before.publish.mutations, now.publish.mutations),
    received: perSecond(before.receive.mutations, now.receive.mutations),
    applied: perSecond(before.apply.cells, now.apply.cells),
    conflicts: perSecond(before.apply.conflicts, now.apply.conflicts),
  };
}
