export { AGENT_DECLARATION } from "./agent-declaration.js";
export type { Pipeline, PipelineContext, PipelineFactory } from "./agent-pipeline.js";
export { agentRoutes } from "./agent-routes.js";
export { Agent, type AgentDeps } from "./agent.js";
export { endpointOf, type AddressOptions, type Endpoint } from "./endpoint.js";
export { LagMeter, type LagSummary } from "./lag-meter.js";
export { AGENT_METRICS, AgentMetrics, type AgentMetric } from "./metrics.js";
export { AGENT_FIELDS, type AgentOptions, type ServerOptions } from "./options.js";
export { runAgent, type AgentProcess } from "./run-agent.js";
export {
  PEER_STATES,
  PIPELINE_STATES,
  readinessOf,
  type AgentStatus,
  type PeerState,
  type PeerStatus,
  type PipelineState,
  type PipelineStatus,
  type Readiness,
} from "./status.js";
