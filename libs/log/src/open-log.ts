/**
 * Chooses the adapter that the configuration names.
 */
import { FramedLog } from "./framed-log.js";
import { HealthWatch, SILENT } from "./health.js";
import { KafkaStore } from "./kafka-log.js";
import type { KafkaLogOptions } from "./kafka-options.js";
import { memoryLog, type MemoryLogOptions } from "./memory-log.js";
import { pause } from "./patience.js";
import type { LogHooks, LogLogger } from "./port.js";
import { RedisStreamStore } from "./redis-log.js";
import type { RedisLogOptions } from "./redis-options.js";

/** What {@link openLog} opens. */
export type LogConfig =
  | ({ readonly kind: "memory" } & MemoryLogOptions)
  | ({ readonly kind: "redis" } & RedisLogOptions)
  | ({ readonly kind: "kafka" } & KafkaLogOptions);

/** What a log reports to, and its sources of time and chance. */
export interface LogSurroundings {
  readonly logger?: LogLogger;
  readonly hooks?: LogHooks;
  /** Milliseconds since 1970, for health and durations only. */
  readonly now?: () => number;
  /** 0 to 1: jitter, and the number that tells this process's entries from others'. */
  readonly random?: () => number;
}

/** Makes a log. Connects to nothing before the first call. */
export function openLog(config: LogConfig, surroundings: LogSurroundings = {}): FramedLog {
  const { hooks = {}, now = Date.now, random = Math.random } = surroundings;
  if (config.kind === "memory") return memoryLog({ hooks, now, random, ...config });
  const watch = new HealthWatch(now, surroundings.logger ?? SILENT, hooks);
  const store = config.kind === "redis" ? new RedisStreamStore(config, watch, random) : new KafkaStore(config, watch, random);
  return new FramedLog({ store, watch, hooks, random, now, wait: pause });
}
