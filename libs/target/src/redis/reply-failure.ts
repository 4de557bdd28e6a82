/**
 * What an error reply means for the agent: its code, whether trying again can help, and what an operator can do.
 */
import type { ReplyError } from "@meridian/resp";
import { MeridianError } from "@meridian/words";

/** Errors of the server's present state, which pass. Nothing of the call was executed. */
const PASSING: Readonly<Record<string, string>> = {
  OOM: "the server is at maxmemory: raise it, or choose an eviction policy; changes wait in the log meanwhile",
  LOADING: "the server loads its dataset; the agent waits",
  BUSY: "another script holds the server; the agent waits",
  MISCONF: "the server cannot persist (disk full?); it takes writes again when that is repaired",
  NOREPLICAS: "the server has fewer good replicas than min-replicas-to-write asks for",
  READONLY: "the server is a replica: point the agent to the master",
  MASTERDOWN: "the server is a replica without a master: point the agent to the master",
  TRYAGAIN: "the server asks to try again",
};

/** The error for a reply to `doing`, for example "apply". */
export function replyFailure(reply: ReplyError, doing: string): MeridianError {
  const message = `the server refused to ${doing}: ${reply.message}`;
  const passing = PASSING[reply.code];
  if (passing !== undefined) return new MeridianError("SERVER_REFUSED", message, { advice: passing, retryable: true });
  if (reply.code === "BADMARK") {
    return new MeridianError("BAD_MARK", message, {
      advice: "another program wrote under meridian:, or a newer agent ran here; keep clients away from that prefix",
    });
  }
  if (reply.code === "NOAUTH" || reply.code === "WRONGPASS" || reply.code === "NOPERM") {
    return new MeridianError("SERVER_REFUSED", message, { advice: "give the agent's user the rights listed in deploy/" });
  }
  if (/unknown (sub)?command/i.test(reply.message)) {
    return new MeridianError("SERVER_UNSUPPORTED", message, { advice: "use Redis 7.0 or newer, or Valkey, with its commands under their own names" });
  }
  return new MeridianError("SERVER_REFUSED", message, { advice: "this should not happen: please report it with the server's version" });
}
