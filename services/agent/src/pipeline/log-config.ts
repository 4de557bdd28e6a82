/** The log's configuration, from the agent's options. */
import type { KafkaLogOptions, LogConfig } from "@meridian/log";
import type { AgentOptions } from "../options.js";
import { connectionOptions } from "../tls-fields.js";

const HOUR_MS = 3_600_000;

/** See the module's comment. */
export function logConfigOf({ log }: AgentOptions): LogConfig {
  const retentionMs = log.retentionHours * HOUR_MS;
  if (log.kind === "kafka") {
    const { brokers = [], topicPrefix, replicationFactor, compression, servers, tls, sasl } = log.kafka;
    return {
      kind: "kafka",
      brokers,
      topicPrefix,
      replicationFactor,
      compression,
      retentionMs,
      ...(servers === undefined ? {} : { servers }),
      ...(tls.enabled ? { tls: connectionOptions(tls) } : {}),
      ...saslOf(sasl),
    };
  }
  const { url, regions, username, password, tls } = log.redis;
  const isTls = [url, ...Object.values(regions ?? {})].some((address) => address?.startsWith("rediss:"));
  return {
    kind: "redis",
    retentionMs,
    ...(url === undefined ? {} : { url }),
    ...(regions === undefined ? {} : { regions }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(isTls ? { tls: connectionOptions(tls) } : {}),
  };
}

function saslOf({ mechanism, username = "", password = "" }: AgentOptions["log"]["kafka"]["sasl"]): Pick<KafkaLogOptions, "sasl"> {
  return mechanism === "none" ? {} : { sasl: { mechanism, username, password } };
}
