/** What a benchmark ran on: without this its figures mean nothing. */
import { cpus, release, totalmem, type } from "node:os";
import type { ServerVersion } from "@meridian/testkit";

/** The machine and the programs. */
export interface MachineFacts {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  readonly server: string;
  readonly date: string;
}

/** The facts of this machine. */
export function machineFacts(server: ServerVersion, now: Date): MachineFacts {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.version,
    server: `${server.kind} ${server.text}`,
    date: now.toISOString(),
  };
}
