import { BadOptionsError, loadOptions, type OptionProblem } from "@meridian/shell";
import { expect, test } from "vitest";
import { AGENT_DECLARATION } from "./agent-declaration.js";
import type { AgentOptions } from "./options.js";

const MINIMAL = 'region: eu\nservers: [{ url: "redis://127.0.0.1" }]\nlog: { redis: { url: "redis://127.0.0.1" } }\n';

function load(file: string, environment: Record<string, string> = {}, args: readonly string[] = []): AgentOptions {
  const loaded = loadOptions(AGENT_DECLARATION, { args: ["--config", "a.yaml", ...args], environment, readFile: () => file, version: "1" });
  if (loaded.kind !== "run") throw new Error("expected options");
  return loaded.options;
}

function problems(file: string): readonly OptionProblem[] {
  try {
    load(file);
  } catch (error) {
    if (error instanceof BadOptionsError) return error.problems;
    throw error;
  }
  return [];
}

test("the smallest configuration has good defaults", () => {
  expect(load(MINIMAL)).toMatchObject({
    region: "eu",
    peers: [],
    servers: [{ name: "0", tls: { verify: true } }],
    log: { kind: "redis", retentionHours: 168, kafka: { topicPrefix: "meridian", replicationFactor: 3, compression: "none" } },
    store: { path: "/var/lib/meridian" },
    http: { host: "127.0.0.1", port: 7071 },
    clock: { maxDriftMs: 500 },
    publish: { inFlightMax: 16 },
    logging: { level: "info", pretty: "auto" },
  });
});

test("the example of --help is a configuration that works", () => {
  const options = load(AGENT_DECLARATION.example);
  expect(options.peers).toEqual(["us", "ap"]);
  expect(options.log.redis.regions).toEqual({ us: "redis://us.example:6379", ap: "redis://ap.example:6379" });
});

test("every option has help that is a sentence", () => {
  const loaded = loadOptions(AGENT_DECLARATION, { args: ["--help"], environment: {}, readFile: () => "", version: "1" });
  if (loaded.kind !== "print") throw new Error("expected a text");
  for (const name of ["servers[N].tls.ca", "log.kafka.brokers", "apply.replyTimeoutMs", "shutdown.deadlineMs"]) expect(loaded.text).toContain(name);
});

/** Each: a file, then the field that is refused and what is found. */
test.each([
  [MINIMAL.replace("region: eu", "region: EU"), "region", '"EU"'],
  [MINIMAL.replace("region: eu", "region: 1eu"), "region", '"1eu"'],
  [MINIMAL.replace("region: eu", `region: ${"x".repeat(33)}`), "region", '"xxx'],
  [`${MINIMAL}peers: [us, eu]`, "peers[1]", "this region, eu"],
  [`${MINIMAL}peers: [us, us]`, "peers[1]", '"us" a second time'],
  [`${MINIMAL}clock: { maxDriftMs: 0 }`, "clock.maxDriftMs", '"0"'],
  [`${MINIMAL}store: { bytesMax: 1MB }`, "store.bytesMax", '"1MB"'],
  ["region: eu\nlog: { redis: { url: redis://h } }", "servers", "nothing"],
  ["region: eu\nlog: { redis: { url: redis://h } }\nservers: []", "servers", "a list of 0"],
  ["region: eu\nlog: { redis: { url: redis://h } }\nservers: [{ url: redis://h }, { url: redis://i }]", "servers[1].name", '"0" a second time'],
  ["region: eu\nlog: { redis: { url: redis://h } }\nservers: [{ name: a/b, url: redis://h }]", "servers[0].name", '"a/b"'],
  ["region: eu\nlog: { redis: { url: redis://h } }\nservers: [{ url: redis://h, tls: { ca: x } }]", "servers[0].tls", "ca with a redis:// address"],
  ["region: eu\nlog: { redis: { url: redis://h } }\nservers: [{ url: rediss://h, tls: { cert: x } }]", "servers[0].tls", "one of cert and key"],
  ["region: eu\nlog: { redis: { url: redis://h } }\nservers: [{ url: 'redis://:p@h', password: q }]", "servers[0].password", "a password here and another in the address"],
  ["region: eu\nlog: { redis: { url: redis://h } }\nservers: [{ url: redis://h, username: u }]", "servers[0].password", "a username without a password"],
  ["region: eu\nservers: [{ url: redis://h }]", "log.redis.url", "nothing"],
  ["region: eu\nservers: [{ url: redis://h }]\nlog: { kind: kafka }", "log.kafka.brokers", "nothing"],
  ["region: eu\nservers: [{ url: redis://h }]\nlog: { kind: kafka, kafka: { brokers: [localhost] } }", "log.kafka.brokers[0]", '"localhost"'],
  ["region: eu\nservers: [{ url: redis://h }]\nlog: { kind: kafka, kafka: { brokers: [k:1], tls: { ca: x } } }", "log.kafka.tls", "ca without enabled"],
  ["region: eu\nservers: [{ url: redis://h }]\nlog: { kind: kafka, kafka: { brokers: [k:1], sasl: { username: u, mechanism: plain } } }", "log.kafka.sasl.password", "plain without a password"],
  ["region: eu\nservers: [{ url: redis://h }]\nlog: { kind: kafka, kafka: { brokers: [k:1], sasl: { username: u } } }", "log.kafka.sasl.username", "a username without a mechanism"],
  ["region: eu\nservers: [{ url: redis://h }]\nlog: { kind: memory }", "log.kind", '"memory"'],
  ["region: eu\npeers: [us]\nservers: [{ url: redis://h }]\nlog: { redis: { url: redis://h, regions: { ap: redis://h } } }", "log.redis.regions.ap", "the region ap"],
  ["region: eu\nservers: [{ url: redis://h }]\nlog: { redis: { url: redis://h, regions: { eu: redis://h } } }", "log.redis.regions.eu", "the region eu"],
])("%j is refused", (file, field, found) => {
  const all = problems(file);
  expect(all).toHaveLength(1);
  expect(all[0]!.field).toBe(field);
  expect(all[0]!.found).toContain(found);
});

test("several rules are broken at once, beside fields that are wrong in themselves", () => {
  const file = "region: eu\npeers: [eu]\nservers: [{ url: redis://h, username: u }, { url: redis://h }]\nhttp: { port: x }\n";
  expect(problems(file).map(({ field }) => field).sort()).toEqual(["http.port", "log.redis.url", "peers[0]", "servers[0].password", "servers[1].name"]);
});

test("TLS options of the log may be for another region's server", () => {
  const file = "region: eu\npeers: [us]\nservers: [{ url: redis://h }]\nlog: { redis: { url: redis://h, regions: { us: rediss://u }, tls: { ca: x } } }";
  expect(problems(file)).toEqual([]);
});

test("secrets come from the environment", () => {
  const options = load(MINIMAL, { MERIDIAN_SERVERS_0_USERNAME: "capture", MERIDIAN_SERVERS_0_PASSWORD: "s3", MERIDIAN_LOG_REDIS_PASSWORD: "l0g" });
  expect(options.servers[0]).toMatchObject({ username: "capture", password: "s3" });
  expect(options.log.redis.password).toBe("l0g");
});
