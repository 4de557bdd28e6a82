/**
 * What the agent answers over HTTP.
 *
 * `/healthz`: 200 while the process serves at all; starting it again would not heal what is outside. `/readyz`: 200 where
 * every pipeline runs, otherwise 503 with the reasons. `/metrics`: Prometheus. `/status`: everything, as JSON.
 */
import { jsonReply, type HttpRoutes } from "@meridian/shell";
import { AgentMetrics } from "./metrics.js";
import { readinessOf, type AgentStatus } from "./status.js";

/** Routes over an agent's status. */
export function agentRoutes(status: () => AgentStatus): HttpRoutes {
  const metrics = new AgentMetrics(status);
  return {
    "/healthz": () => jsonReply(200, { status: "ok" }),
    "/readyz": () => {
      const readiness = readinessOf(status());
      return jsonReply(readiness.ready ? 200 : 503, readiness);
    },
    "/metrics": async () => ({ status: 200, contentType: metrics.contentType, body: await metrics.text() }),
    "/status": () => jsonReply(200, status()),
  };
}
