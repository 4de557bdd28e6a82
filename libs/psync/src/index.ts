export { ACK_WINDOW_MS } from "./acknowledger.js";
export { isConforming, type NotTried, type ProbeReport, type UnknownForm } from "./probe/probe-report.js";
export { probeServer, type ProbeCall, type ProbeOptions } from "./probe/probe-run.js";
export { PROBE_PREFIX } from "./probe/probe-stream.js";
export { SHORT_PROBE } from "./probe/probed-rows.js";
export { PAUSED_BYTES_MAX, ReplicaTail } from "./replica-tail.js";
export type { Attached, StreamPosition } from "./stream-position.js";
export type { TailHandlers, TailLogger, TailOptions } from "./tail-options.js";
