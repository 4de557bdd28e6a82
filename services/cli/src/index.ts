export { compareServers, type NamedServer } from "./diff/compare-servers.js";
export type { CompareOptions, CompareProgress, CompareReport, Difference } from "./diff/compare-report.js";
export { startMesh, REGIONS_MAX, type Mesh, type MeshOptions, type MeshRegion } from "./mesh/mesh.js";
export type { MeshLog, MeshLogKind } from "./mesh/mesh-log.js";
export { AGENT_MAIN, MeshAgent, type MeshAgentOptions } from "./mesh/mesh-agent.js";
export { fetchStatus, pollAgents, type AgentAnswer } from "./status/agent-poll.js";
export type { AgentStatus, PeerStatus, PipelineStatus } from "./status/agent-status.js";
export { waitForQuiet, type Quiet, type QuietOptions, type QuietRegion } from "./mesh/quiet.js";
