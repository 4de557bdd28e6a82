/**
 * What options must fit together: rules across fields.
 */
import type { OptionRule, RuleBreach } from "@meridian/shell";
import type { AgentOptions } from "./options.js";
import { homesAreKnown, prefixesDiffer, residenciesFit } from "./policy-options.js";
import { tlsNamesGiven, type TlsOptions } from "./tls-fields.js";

/** Every rule across the agent's fields. */
export const AGENT_RULES: readonly OptionRule<AgentOptions>[] = [
  { reads: ["region", "peers"], check: peersAreOthers },
  { reads: ["servers"], check: serverNamesDiffer },
  { reads: ["servers"], check: ({ servers }) => servers.flatMap((server, at) => addressFits(`servers.${at}`, server, [server.url])) },
  { reads: ["log"], check: logHasItsAddress },
  { reads: ["log", "region", "peers"], check: logRegionsAreKnown },
  { reads: ["log.redis"], check: logAddressFits },
  { reads: ["capture"], check: floatPrefixesAreApart },
  { reads: ["policies"], check: prefixesDiffer },
  { reads: ["policies", "region", "peers"], check: homesAreKnown },
  { reads: ["policies", "region", "peers"], check: residenciesFit },
  { reads: ["log.kafka"], check: kafkaLoginFits },
  { reads: ["stability.absentAfterMs"], check: absenceIsLong },
];

/** Heartbeats come every half minute at least: what is shorter says nothing. */
const ABSENT_MS_MIN = 600_000;

function absenceIsLong({ stability: { absentAfterMs } }: AgentOptions): RuleBreach[] {
  if (absentAfterMs === 0 || absentAfterMs >= ABSENT_MS_MIN) return [];
  return [{ field: "stability.absentAfterMs", found: `${absentAfterMs} ms`, allowed: "0, or 10m and longer" }];
}

function peersAreOthers({ region, peers }: AgentOptions): RuleBreach[] {
  return peers.flatMap((peer, at) => (peer === region ? [{ field: `peers.${at}`, found: `this region, ${region}`, allowed: "the other regions only" }] : []));
}

/** A key under two of them would be told of twice. */
function floatPrefixesAreApart({ capture: { floatPrefixes } }: AgentOptions): RuleBreach[] {
  return floatPrefixes.flatMap((prefix, at) => {
    const other = floatPrefixes.find((begins, index) => index !== at && prefix.startsWith(begins) && (begins !== prefix || index < at));
    if (other === undefined) return [];
    return [{ field: `capture.floatPrefixes.${at}`, found: `${JSON.stringify(prefix)} under ${JSON.stringify(other)}`, allowed: "prefixes of which none begins another" }];
  });
}

function serverNamesDiffer({ servers }: AgentOptions): RuleBreach[] {
  const names = servers.map(({ name }) => name);
  return names.flatMap((name, at) =>
    names.indexOf(name) < at ? [{ field: `servers.${at}.name`, found: `"${name}" a second time`, allowed: "a name of its own for every server" }] : [],
  );
}

interface Address {
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly tls: TlsOptions;
}

/** `urls`: every address that the TLS options are for. */
function addressFits(field: string, address: Address, urls: readonly string[]): RuleBreach[] {
  const url = new URL(address.url);
  const breaches: RuleBreach[] = [];
  for (const name of ["username", "password"] as const) {
    if (address[name] === undefined || url[name] === "") continue;
    breaches.push({ field: `${field}.${name}`, found: `a ${name} here and another in the address`, allowed: "one of them" });
  }
  if (address.username !== undefined && address.password === undefined && url.password === "") {
    breaches.push({ field: `${field}.password`, found: "a username without a password", allowed: "both, or neither" });
  }
  const names = tlsNamesGiven(address.tls);
  if (names.length > 0 && !urls.some((each) => each.startsWith("rediss:"))) {
    breaches.push({ field: `${field}.tls`, found: `${names.join(", ")} with a redis:// address`, allowed: "a rediss:// address, which speaks TLS, or no tls" });
  }
  if ((address.tls.cert === undefined) !== (address.tls.key === undefined)) {
    breaches.push({ field: `${field}.tls`, found: "one of cert and key", allowed: "both, or neither" });
  }
  return breaches;
}

function logAddressFits({ log: { redis } }: AgentOptions): RuleBreach[] {
  const { url, regions } = redis;
  return url === undefined ? [] : addressFits("log.redis", { ...redis, url }, [url, ...Object.values(regions)]);
}

function kafkaLoginFits({ log: { kafka } }: AgentOptions): RuleBreach[] {
  const { tls, sasl } = kafka;
  const breaches: RuleBreach[] = [];
  const names = tlsNamesGiven(tls);
  if (names.length > 0 && !tls.enabled) {
    breaches.push({ field: "log.kafka.tls", found: `${names.join(", ")} without enabled`, allowed: "enabled: true, or no tls" });
  }
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    breaches.push({ field: "log.kafka.tls", found: "one of cert and key", allowed: "both, or neither" });
  }
  const isLogin = sasl.mechanism !== "none";
  for (const name of ["username", "password"] as const) {
    if ((sasl[name] !== undefined) === isLogin) continue;
    const found = isLogin ? `${sasl.mechanism} without a ${name}` : `a ${name} without a mechanism`;
    breaches.push({ field: `log.kafka.sasl.${name}`, found, allowed: "mechanism, username and password, or none of them" });
  }
  return breaches;
}

function logHasItsAddress({ log }: AgentOptions): RuleBreach[] {
  if (log.kind === "redis" && log.redis.url === undefined) {
    return [{ field: "log.redis.url", found: "nothing", allowed: "the server that holds the log, because log.kind is redis" }];
  }
  if (log.kind === "kafka" && log.kafka.brokers === undefined) {
    return [{ field: "log.kafka.brokers", found: "nothing", allowed: "a list of host:port, because log.kind is kafka" }];
  }
  return [];
}

function logRegionsAreKnown({ log, peers, region }: AgentOptions): RuleBreach[] {
  return Object.keys(log.redis.regions).flatMap((name) => {
    if (peers.includes(name)) return [];
    const allowed = name === region ? "log.redis.url for this region's own log" : `the peers: ${peers.join(", ") || "there are none"}`;
    return [{ field: `log.redis.regions.${name}`, found: `the region ${name}`, allowed }];
  });
}
