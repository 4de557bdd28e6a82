export { ACK_WINDOW_MS } from "./acknowledger.js";
export { PAUSED_BYTES_MAX, ReplicaTail } from "./replica-tail.js";
export type { Attached, StreamPosition } from "./stream-position.js";
export type { TailHandlers, TailLogger, TailOptions } from "./tail-options.js";
