/** What a benchmark measured. Plain data: it is what `--json` prints. */
import type { MeshLogKind } from "../mesh/mesh-log.js";
import type { LagFigures } from "./lag-record.js";
import type { MachineFacts } from "./machine-facts.js";
import type { WorkloadName } from "./workload.js";

/** The whole report. */
export interface BenchReport {
  readonly machine: MachineFacts;
  readonly settings: BenchSettings;
  readonly workloads: readonly WorkloadReport[];
}

/** The settings of a run. */
export interface BenchSettings {
  readonly logs: readonly MeshLogKind[];
  readonly workloads: readonly WorkloadName[];
  /** Of each measured run, after the warm-up. */
  readonly seconds: number;
  readonly keys: number;
  readonly valueBytes: number;
  /** Commands sent and not yet visible at full rate. */
  readonly windowCommands: number;
  /** Flags of both agents beyond what every bench gives them. */
  readonly agentArgs: readonly string[];
}

/** One workload: Meridian over each log, and native replication beside it. */
export interface WorkloadReport {
  readonly workload: WorkloadName;
  readonly meridian: readonly WayReport[];
  /** A plain replica of a server of the same kind, the same traffic, no agent. */
  readonly native: WayReport;
}

/** One way from a server to another one. */
export interface WayReport {
  readonly name: string;
  /** As fast as the way sustains. */
  readonly full: RunReport;
  /** At half of Meridian's full rate; native replication at that same rate. */
  readonly half: RunReport;
}

/** One run. */
export interface RunReport {
  readonly commands: number;
  readonly errors: number;
  /** Commands per second asked for; undefined at full rate. */
  readonly commandsPerSecond: number | undefined;
  /** Commands per second that became visible at the other end while they were sent. */
  readonly visiblePerSecond: number;
  /** From the last command until it was visible. */
  readonly drainMs: number;
  readonly lag: LagFigures;
  readonly processes: readonly ProcessReport[];
  /** Of the agents; none for native replication. */
  readonly agents: readonly AgentReport[];
}

/** What one process used for a run. */
export interface ProcessReport {
  readonly name: string;
  readonly cpuSecondsPerMillion: number | undefined;
  /** Since the process started. */
  readonly rssPeakBytes: number | undefined;
  /** At the end of the run. */
  readonly rssAnonBytes: number | undefined;
}

/** What one agent told of itself, per second of the measured time. */
export interface AgentReport {
  readonly region: string;
  readonly capturedPerSecond: number;
  readonly publishedPerSecond: number;
  readonly receivedPerSecond: number;
  readonly appliedPerSecond: number;
  /** Its own meter of the lag from the other region, over the agent's window. */
  readonly lagMsP50: number;
  readonly lagMsP99: number;
}
