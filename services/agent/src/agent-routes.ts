/**
 * What the agent answers over HTTP.
 *
 * `/healthz`: 200 while the process serves at all; starting it again would not heal what is outside. `/readyz`: 200 where
 * every pipeline runs, otherwise 503 with the reasons. `/metrics`: Prometheus. `/status`: everything, as JSON. `/conflicts`:
 * the conflict ledger, see conflict-route.ts. `POST /policies`: changes the policies, see policy-requests.ts.
 * `POST /evicted`: which keys the server has evicted, see evicted-route.ts.
 */
import { jsonReply, type HttpCommands, type HttpRoutes } from "@meridian/shell";
import { conflictsReply, type ReadLedger } from "./conflict-route.js";
import { evictedReply, type TellEvicted } from "./evicted-route.js";
import { AgentMetrics } from "./metrics.js";
import { policiesReply, type ChangePolicies } from "./policy-requests.js";
import { readinessOf, type AgentStatus } from "./status.js";

/** Routes over an agent's status and its ledgers. */
export function agentRoutes(status: () => AgentStatus, conflicts: ReadLedger): HttpRoutes {
  const metrics = new AgentMetrics(status);
  return {
    "/healthz": () => jsonReply(200, { status: "ok" }),
    "/readyz": () => {
      const readiness = readinessOf(status());
      return jsonReply(readiness.ready ? 200 : 503, readiness);
    },
    "/metrics": async () => ({ status: 200, contentType: metrics.contentType, body: await metrics.text() }),
    "/status": () => jsonReply(200, status()),
    "/conflicts": (asked) => conflictsReply(asked, conflicts),
  };
}

/** What changes something, or asks with more than an address can hold, by POST. */
export function agentCommands(change: ChangePolicies, evicted: TellEvicted): HttpCommands {
  return { "/policies": (body) => policiesReply(body, change), "/evicted": (body) => evictedReply(body, evicted) };
}
