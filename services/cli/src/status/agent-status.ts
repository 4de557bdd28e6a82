/**
 * What an agent tells about itself at /status, as this command reads it.
 *
 * An agent may be older or newer than this command: a figure that is not there is 0, a list that is not there is empty.
 * Refuses, with `AGENT_UNAVAILABLE`, what is not a status at all.
 */
import { MeridianError } from "@meridian/words";

/** One agent. */
export interface AgentStatus {
  readonly region: string;
  readonly version: string;
  readonly uptimeMs: number;
  readonly pipelines: readonly PipelineStatus[];
}

/** One captured server of an agent. All counters since the agent started. */
export interface PipelineStatus {
  readonly server: string;
  readonly state: string;
  /** The history of the server that is followed: names the server. Empty: none is. */
  readonly replicationId: string;
  readonly reason: string | undefined;
  readonly advice: string | undefined;
  readonly capture: Figures<"offset" | "durableOffset" | "mutations" | "commands" | "ownCommands">;
  readonly publish: Figures<"records" | "mutations" | "bytes" | "pendingRecords" | "pendingBytes">;
  readonly receive: Figures<"records" | "mutations" | "bytes">;
  readonly apply: Figures<"batches" | "cells" | "skipped" | "retried" | "inFlight" | "conflicts" | "readBacks">;
  readonly policies: PolicyStatus;
  readonly peers: readonly PeerStatus[];
  /** Occurrences of commands that cannot be replicated faithfully, by name. */
  readonly unsupported: Readonly<Record<string, number>>;
  /** What an operator should know though everything runs, one sentence each. */
  readonly notices: readonly string[];
  /** Keys replicated as whole values, by type. */
  readonly wholeValue: Readonly<Record<string, number>>;
  readonly store: Figures<"bytes" | "cells">;
  readonly clock: Figures<"aheadMs">;
  readonly log: { readonly kind: string; readonly state: string; readonly lastError: string | undefined };
}

/** What happens to keys by prefix. */
export interface PolicyStatus {
  /** Names which keys are local, lww or of some regions; empty: none is. */
  readonly digest: string;
  readonly localCommands: number;
  /** By the group of regions in which the keys reside. */
  readonly foreignCommands: Readonly<Record<string, number>>;
  readonly residencyCrossed: number;
  readonly rows: readonly { readonly prefix: string; readonly policy: string }[];
  /** How many changes the region has gone through while it ran. */
  readonly version: number;
  /** Where the last one stands there. */
  readonly stage: string;
  readonly awaits: readonly string[];
  readonly proposed:
    | {
        readonly by: string;
        readonly rows: readonly { readonly prefix: string; readonly policy: string }[];
        readonly waitsFor: readonly string[];
      }
    | undefined;
  /** What became of the last change that the region has proposed; empty: nothing to tell. */
  readonly ended: string;
}

/** What a pipeline knows of one peer's writer. */
export interface PeerStatus extends Figures<"frontierMs" | "lagMsP50" | "lagMsP99" | "lagMsP999" | "lagSamples" | "driftMs" | "queueBytes"> {
  /** `region/server`. */
  readonly writer: string;
  readonly state: string;
}

/** Named numbers. */
export type Figures<Name extends string> = { readonly [name in Name]: number };

type Json = Readonly<Record<string, unknown>>;

/** Reads the answer of /status from `url`. Throws `AGENT_UNAVAILABLE`. */
export function readAgentStatus(answer: unknown, url: string): AgentStatus {
  const status = objectOf(answer);
  if (typeof status["region"] !== "string" || !Array.isArray(status["pipelines"])) {
    throw new MeridianError("AGENT_UNAVAILABLE", `what answers at ${url} is no Meridian agent`, { advice: "check the address" });
  }
  return {
    region: status["region"],
    version: textOf(status["version"]) ?? "",
    uptimeMs: numberOf(status["uptimeMs"]),
    pipelines: status["pipelines"].map((pipeline) => readPipeline(objectOf(pipeline))),
  };
}

function readPipeline(from: Json): PipelineStatus {
  const log = objectOf(from["log"]);
  return {
    server: textOf(from["server"]) ?? "?",
    state: textOf(from["state"]) ?? "?",
    replicationId: textOf(objectOf(from["capture"])["replicationId"]) ?? "",
    reason: textOf(from["reason"]),
    advice: textOf(from["advice"]),
    capture: figures(from["capture"], ["offset", "durableOffset", "mutations", "commands", "ownCommands"]),
    publish: figures(from["publish"], ["records", "mutations", "bytes", "pendingRecords", "pendingBytes"]),
    receive: figures(from["receive"], ["records", "mutations", "bytes"]),
    apply: figures(from["apply"], ["batches", "cells", "skipped", "retried", "inFlight", "conflicts", "readBacks"]),
    policies: readPolicies(objectOf(from["policies"])),
    peers: listOf(from["peers"]).map((peer) => ({
      ...figures(peer, ["frontierMs", "lagMsP50", "lagMsP99", "lagMsP999", "lagSamples", "driftMs", "queueBytes"]),
      writer: textOf(peer["writer"]) ?? "?",
      state: textOf(peer["state"]) ?? "?",
    })),
    unsupported: counts(from["unsupported"]),
    notices: textsOf(from["notices"]),
    wholeValue: counts(from["wholeValue"]),
    store: figures(from["store"], ["bytes", "cells"]),
    clock: figures(from["clock"], ["aheadMs"]),
    log: { kind: textOf(log["kind"]) ?? "?", state: textOf(log["state"]) ?? "?", lastError: textOf(log["lastError"]) },
  };
}

function readPolicies(from: Json): PolicyStatus {
  const proposed = objectOf(from["proposed"]);
  const by = textOf(proposed["by"]);
  return {
    digest: textOf(from["digest"]) ?? "",
    localCommands: numberOf(from["localCommands"]),
    foreignCommands: counts(from["foreignCommands"]),
    residencyCrossed: numberOf(from["residencyCrossed"]),
    rows: policyRows(from["rows"]),
    version: numberOf(from["version"]),
    stage: textOf(from["stage"]) ?? "done",
    awaits: textsOf(from["awaits"]),
    proposed: by === undefined ? undefined : { by, rows: policyRows(proposed["rows"]), waitsFor: textsOf(proposed["waitsFor"]) },
    ended: textOf(from["ended"]) ?? "",
  };
}

function policyRows(value: unknown): PolicyStatus["rows"] {
  return listOf(value).map((row) => ({ prefix: textOf(row["prefix"]) ?? "", policy: textOf(row["policy"]) ?? "?" }));
}

function figures<Name extends string>(from: unknown, names: readonly Name[]): Figures<Name> {
  const source = objectOf(from);
  return Object.fromEntries(names.map((name) => [name, numberOf(source[name])])) as Figures<Name>;
}

function counts(from: unknown): Record<string, number> {
  return Object.fromEntries(Object.entries(objectOf(from)).map(([name, count]) => [name, numberOf(count)]));
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((text): text is string => typeof text === "string") : [];
}

function objectOf(value: unknown): Json {
  return typeof value === "object" && value !== null ? (value as Json) : {};
}

function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
