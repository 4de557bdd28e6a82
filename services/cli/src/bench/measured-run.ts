/**
 * One run of load with everything around it: CPU and memory of each process before and after, and what the agents
 * counted during the measured time.
 */
import { fetchStatus } from "../status/agent-poll.js";
import type { AgentStatus, PipelineStatus } from "../status/agent-status.js";
import type { AgentReport, ProcessReport, RunReport } from "./bench-report.js";
import type { LoadProcess } from "./load-process.js";
import type { LoadPlan } from "./load-run.js";
import { cpuBetween, processUse, type ProcessUse } from "./process-meter.js";

/** What is measured around a run. */
export interface RunSubjects {
  readonly processes: readonly { readonly name: string; readonly pid: number | undefined }[];
  readonly agents: readonly { readonly region: string; readonly agentUrl: string }[];
  /** Awaited after the load, before CPU is read: all work for it is then done. */
  readonly untilQuiet: () => Promise<unknown>;
}

interface Counted {
  readonly atMs: number;
  readonly statuses: readonly AgentStatus[];
}

/** Runs the plan. */
export async function measuredRun(load: LoadProcess, plan: LoadPlan, subjects: RunSubjects, signal: AbortSignal): Promise<RunReport> {
  const usesBefore = subjects.processes.map(({ pid }) => processUse(pid));
  const counted: Promise<Counted>[] = [count(subjects)];
  const countNow = (): void => {
    const now = count(subjects);
    now.catch(() => undefined); // awaited below, unless the load fails first
    counted.push(now);
  };
  const result = await load.run(plan, signal, { onMeasuring: countNow, onSent: countNow });
  await subjects.untilQuiet();
  // a fill has no warm-up: it is counted from its beginning
  const [first, last] = (await Promise.all(counted)).slice(-2) as [Counted, Counted];
  return {
    commands: result.commands,
    errors: result.errors,
    commandsPerSecond: plan.commandsPerSecond,
    visiblePerSecond: result.visiblePerSecond,
    drainMs: Math.round(result.drainMs),
    lag: result.lag,
    processes: subjects.processes.map(({ name, pid }, index) => processReport(name, usesBefore[index], processUse(pid), result.commands)),
    agents: subjects.agents.map(({ region }, index) => agentReport(region, first, last, index)),
  };
}

async function count({ agents }: RunSubjects): Promise<Counted> {
  const statuses = await Promise.all(agents.map(({ agentUrl }) => fetchStatus(agentUrl)));
  return { atMs: performance.now(), statuses };
}

function processReport(name: string, before: ProcessUse | undefined, after: ProcessUse | undefined, commands: number): ProcessReport {
  const cpuSeconds = cpuBetween(before, after);
  return {
    name,
    cpuSecondsPerMillion: cpuSeconds === undefined || commands === 0 ? undefined : (cpuSeconds * 1e6) / commands,
    rssPeakBytes: after?.rssPeakBytes,
    rssAnonBytes: after?.rssAnonBytes,
  };
}

function agentReport(region: string, first: Counted, last: Counted, index: number): AgentReport {
  const [before, after] = [first.statuses[index]!.pipelines[0]!, last.statuses[index]!.pipelines[0]!];
  const seconds = Math.max(0.001, (last.atMs - first.atMs) / 1_000);
  const perSecond = (read: (pipeline: PipelineStatus) => number): number => Math.round((read(after) - read(before)) / seconds);
  return {
    region,
    capturedPerSecond: perSecond(({ capture }) => capture.mutations),
    publishedPerSecond: perSecond(({ publish }) => publish.mutations),
    receivedPerSecond: perSecond(({ receive }) => receive.mutations),
    appliedPerSecond: perSecond(({ apply }) => apply.cells),
    lagMsP50: Math.max(0, ...after.peers.map(({ lagMsP50 }) => lagMsP50)),
    lagMsP99: Math.max(0, ...after.peers.map(({ lagMsP99 }) => lagMsP99)),
  };
}
