/** Why a life ends, as errors with advice. */
import type { Region } from "@meridian/region";
import { MeridianError } from "@meridian/words";

/** The region stands still. */
export function halted(region: Region): MeridianError {
  const halt = region.halt;
  return new MeridianError(halt?.code ?? "QUARANTINED", halt?.reason ?? "", { advice: halt?.advice ?? "" });
}

/** Another agent has the server; `epoch`: of its lease, where that is known. */
export function fenced(epoch: number | undefined): MeridianError {
  return new MeridianError("FENCED", `another agent has taken this server over${epoch === undefined ? "" : ` (epoch ${epoch})`}`, {
    advice: "run one agent per server: stop the other one, then start this one again",
  });
}

/** What is in the server is not what this agent left. */
export function lostMark(status: string): MeridianError {
  return new MeridianError("SERVER_UNAVAILABLE", `the server's mark is not where this agent left it (${status})`, {
    advice: "the agent attaches again and finds out; if this repeats, something else writes keys under meridian:, or the server drops them to make room: choose a maxmemory-policy of volatile-*, or noeviction",
    retryable: true,
  });
}

/** A record that is to be published is gone from the store. */
export function lostRecord(seq: number): MeridianError {
  const advice = "restore the store from a backup, or remove it and start this region as a new one";
  return new MeridianError("STORE_CORRUPT", `the store has lost outgoing record ${seq}`, { advice });
}
