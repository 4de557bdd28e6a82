export { LANE_BYTES_MAX, LANE_RECORDS_MAX } from "./writer-lane.js";
export { RECORD_BYTES_MAX } from "./entry.js";
export { memoryLog, MemoryShelf, type MemoryLogOptions } from "./memory-log.js";
export { comparePositions } from "./position.js";
export type { LogHealth, LogHooks, LogLogger, LogPosition, LogRecord, MutationLog } from "./port.js";
export { openLog, type LogConfig, type LogSurroundings } from "./open-log.js";
export { STREAM_KEY_PREFIX, type RedisLogOptions } from "./redis-options.js";
export { type KafkaLogOptions, placeOf, type KafkaPlace } from "./kafka-options.js";
