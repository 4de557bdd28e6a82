export { ModelTarget } from "./model/model-target.js";
export { readBatch, type BatchCell } from "./model/batch-reader.js";
export { ServerModel, type KeyEvent, type SnapshotEntry } from "./model/server-model.js";
export type { EntryType } from "./model/keyspace.js";
export type { ApplyReply, ApplyStatus, FenceReply, ReadStatus, ScanPage, ServerFacts, Target } from "./port.js";
export { KeyspaceEvents, type KeyspaceEventsOptions } from "./redis/keyspace-events.js";
export { RedisTarget, type RedisTargetOptions } from "./redis/redis-target.js";
export { ServerConnection, type ConnectionOptionsOfServer } from "./redis/server-connection.js";
export { TARGET_RIGHTS } from "./redis/rights.js";
