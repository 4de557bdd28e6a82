export { guardChild } from "./child-guard.js";
export { freePort } from "./free-port.js";
export { findRedisBinary, type RedisBinary, type ServerVersion } from "./redis-binary.js";
export { startRedis, TestRedis, type StartRedisOptions } from "./redis-server.js";
export { waitFor, type WaitOptions } from "./wait-for.js";
export { startTcpProxy, TcpProxy, type ChunkContext, type Cut, type Direction, type Intercept, type ProxyTarget } from "./tcp-proxy.js";
export { kafkaBroker, LocalKafka, startLocalKafka, type KafkaBroker, type KafkaBrokerOptions } from "./kafka-broker.js";
