import { expect, test } from "vitest";
import { parseServerFacts } from "./server-facts.js";

const INFO = "# Server\r\nredis_version:7.2.4\r\nvalkey_version:9.0.0\r\nmaxmemory_policy:allkeys-lru\r\nevicted_keys:7\r\n# Keyspace\r\n";

test("hashes whose fields have deadlines are counted over all databases, in either server's words", () => {
  const redis = parseServerFacts("redis_version:8.0.2\r\ndb0:keys=4,expires=0,avg_ttl=0,subexpiry=1\r\ndb3:keys=9,expires=1,avg_ttl=0,subexpiry=2\r\n");
  expect([redis.keysWithFieldDeadlines, redis.databases, redis.kind]).toEqual([3, [0, 3], "redis"]);
  const valkey = parseServerFacts(`${INFO}db0:keys=4,expires=0,avg_ttl=0,keys_with_volatile_items=5\r\n`);
  expect([valkey.keysWithFieldDeadlines, valkey.kind, valkey.version, valkey.maxMemoryPolicy, valkey.evictedKeys]).toEqual([5, "valkey", "9.0.0", "allkeys-lru", 7]);
  expect(parseServerFacts(`${INFO}db0:keys=4,expires=0,avg_ttl=0\r\n`).keysWithFieldDeadlines).toBe(0);
});
