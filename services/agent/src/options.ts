/**
 * The agent's options, declared once: the fields. File, environment, command line, checks, help and type come from here.
 */
import { LOG_LEVELS, option, type OptionsOf, type TextShape } from "@meridian/shell";
import { regionId, writerId } from "@meridian/words";
import { MESSAGE_FIELDS } from "./message-options.js";
import { POLICY_FIELDS } from "./policy-options.js";
import { TLS_FIELDS } from "./tls-fields.js";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** More regions than anybody has; bounds vectors and connections. */
const REGIONS_MAX = 32;

/** Each event is held against each of them by the server. */
const FLOAT_PREFIXES_MAX = 16;

/** Servers of one agent; each takes a connection for capture, two for apply, and memory. */
const SERVERS_MAX = 16;

const REGION: TextShape = {
  accepts: (text) => accepted(() => regionId(text)),
  says: "1 to 32 lower-case letters, digits or hyphens, beginning with a letter",
};
const SERVER: TextShape = {
  accepts: (text) => accepted(() => writerId("x", text)),
  says: "1 to 32 lower-case letters, digits or hyphens",
};
const BROKER: TextShape = { accepts: (text) => /^(\[[0-9a-fA-F:.]+\]|[^\s:/@]+):\d{1,5}$/.test(text), says: "host:port" };
const TOPIC: TextShape = { accepts: (text) => /^[A-Za-z0-9._-]{1,64}$/.test(text), says: "1 to 64 letters, digits, dots, hyphens or underscores" };

function accepted(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

const SCHEMES = ["redis", "rediss"] as const;
const credentials = {
  username: option.text({ help: "ACL user, where it does not stand in the address. Without one, the default user." }),
  password: option.secret({ help: "Password, where it does not stand in the address." }),
  tls: option.group("TLS, for rediss:// addresses. Files are read again at each connection, so certificates can be rotated.", TLS_FIELDS),
};

const servers = option.table({
  help: "The Redis or Valkey servers of this region that the agent captures and applies to. Each is a writer of its own, named region/name. A server exchanges mutations with the servers of the same name in the other regions, so give the same names everywhere.",
  rowsMin: 1,
  rowsMax: SERVERS_MAX,
  fields: {
    name: option.text({ help: "Name of the server in this region. It is part of every version: never change it once the mesh runs.", default: "0", shape: SERVER }),
    url: option.url({ help: "Address of the server: the master, not a replica. rediss:// speaks TLS.", schemes: SCHEMES, required: true }),
    ...credentials,
  },
});

const log = option.group("The replicated log that carries mutations between regions. Every agent of a mesh uses the same kind.", {
  kind: option.choice({ help: "redis keeps the log in Redis Streams and needs nothing else; kafka is for production at scale.", values: ["redis", "kafka"], default: "redis" }),
  redis: option.group("For log.kind redis.", {
    url: option.url({ help: "Server that holds this region's log, and that of every region not named in `regions`. It may be the captured server itself.", schemes: SCHEMES }),
    regions: option.map({
      help: "Servers that hold the logs of other regions.",
      key: REGION,
      item: option.url({ help: "Address.", schemes: SCHEMES }),
      itemsMax: REGIONS_MAX,
    }),
    ...credentials,
  }),
  kafka: option.group("For log.kind kafka: one topic per region, one partition per server.", {
    brokers: option.list({ help: "Brokers to begin with.", item: option.text({ help: "Broker.", shape: BROKER }), itemsMin: 1, itemsMax: 64 }),
    topicPrefix: option.text({ help: "Beginning of the topics' names, so that several meshes can share a cluster.", default: "meridian", shape: TOPIC }),
    replicationFactor: option.integer({ help: "Copies of each partition, where the agent creates the topic.", unit: "copies", default: 3, min: 1, max: 15 }),
    compression: option.choice({ help: "Compression of records.", values: ["none", "gzip"], default: "none" }),
    servers: option.list({
      help: "Names of servers by partition, the same list in every region, where they are not numbers. It only ever grows at its end.",
      item: option.text({ help: "Name of a server.", shape: SERVER }),
      itemsMax: SERVERS_MAX,
    }),
    tls: option.group("TLS towards the brokers. Files are read when the agent begins to follow a server.", {
      enabled: option.boolean({ help: "Speak TLS.", default: false }),
      ...TLS_FIELDS,
    }),
    sasl: option.group("Logging in at the brokers.", {
      mechanism: option.choice({ help: "How to log in; plain belongs behind TLS.", values: ["none", "plain", "scram-sha-256", "scram-sha-512"], default: "none" }),
      username: option.text({ help: "User." }),
      password: option.secret({ help: "Password." }),
    }),
  }),
  retentionHours: option.duration({
    help: "How long the log keeps records at least: the longest outage of a region that heals by itself.",
    unit: "h",
    default: 168,
    min: 1,
    max: 24 * 366,
  }),
});

const store = option.group("The agent's own state: versions, outgoing mutations, positions. Values of the dataset are not in it.", {
  path: option.text({ help: "Folder, on a disk that survives restarts; each server gets a folder in it.", default: "/var/lib/meridian" }),
  bytesMax: option.bytes({
    help: "Size of one server's store at which capture pauses, visibly, until the log takes what is waiting. The server's replication backlog covers the pause.",
    default: 16 * GIB,
    min: 64 * MIB,
    max: 1024 * GIB,
  }),
  fsync: option.choice({
    help: "What survives when the agent's machine loses power. commit: everything; each batch is on the disk before it is published, applied or acknowledged, which makes writes visible elsewhere later by what the disk takes. checkpoint: everything but the last moment; an agent that finds its store older than what it has published or applied stands still (STORE_BEHIND). A killed agent loses nothing either way.",
    values: ["checkpoint", "commit"],
    default: "checkpoint",
  }),
});

const capture = option.group("Following the server's replication stream.", {
  connectTimeoutMs: option.duration({ help: "How long a silent server is waited for while attaching.", unit: "ms", default: 10_000, min: 100, max: 120_000 }),
  ackIntervalMs: option.duration({ help: "How often the acknowledged offset is repeated to the server; new ones are sent at once.", unit: "ms", default: 1000, min: 100, max: 10_000 }),
  probe: option.choice({
    help: "Whether a server, and each new version of it, is tried under meridian:probe: for how it rewrites commands before it is followed. auto: where the agent logs in as the default user; the users of deploy/acl may not run what is tried.",
    values: ["auto", "always", "never"],
    default: "auto",
  }),
  floatEvents: option.choice({
    help: "Whether keyspace events are listened to, so that INCRBYFLOAT and HINCRBYFLOAT of several regions add up; the server must tell them (notify-keyspace-events with K, $ and h). Without them the later result wins. auto: where they are told, and status says where not; on: a server that tells none is not followed.",
    values: ["off", "auto", "on"],
    default: "off",
  }),
  floatPrefixes: option.list({
    help: "Beginnings of the keys of which events are told, so that others cost nothing; none: all keys. For each the agent's user needs a right as &__keyspace@*__:prefix*.",
    item: option.text({ help: "Beginning of the keys' names." }),
    default: [],
    itemsMax: FLOAT_PREFIXES_MAX,
  }),
  evictions: option.choice({
    help: "What becomes of keys that a server with a maxmemory-policy drops to make room. keep: the other regions keep them, here they are away until somebody writes them again; the server must tell (notify-keyspace-events with K, e, g and x), and deletions wait for their event. replicate: they are deleted everywhere, as where the server does not tell.",
    values: ["keep", "replicate"],
    default: "keep",
  }),
  acceptUnknownRewrites: option.boolean({ help: "Follow a server although the probe met rewrites that are not known. Peers may get wrong values.", default: false }),
});

const publish = option.group("Writing this region's mutations to the log.", {
  inFlightMax: option.integer({ help: "Records handed to the log and not yet durable.", unit: "records", default: 16, min: 1, max: 1024 }),
});

const apply = option.group("Writing the peers' mutations to the server.", {
  replyTimeoutMs: option.duration({ help: "How long the answer to a script call is waited for before the connection is given up.", unit: "ms", default: 15_000, min: 500, max: 300_000 }),
  lateEntriesToGroups: option.boolean({
    help: "Whether a stream entry that arrives behind what a consumer group has read waits in its pending list, under the consumer meridian:late, for XAUTOCLAIM or XCLAIM. Without it the group never sees such entries.",
    default: true,
  }),
});

/** Every option of the agent. */
export const AGENT_FIELDS = {
  region: option.text({ help: "Name of the region that this agent serves. It is part of every version: never change it once the mesh runs.", required: true, shape: REGION }),
  peers: option.list({
    help: "The other regions of the mesh, whose logs are read.",
    item: option.text({ help: "Region.", shape: REGION }),
    default: [],
    itemsMax: REGIONS_MAX - 1,
  }),
  servers,
  log,
  store,
  http: option.group("Where /healthz, /readyz, /metrics and /status are served: plain HTTP without authentication, so bind it where only operators reach it.", {
    host: option.text({ help: "Address to listen on; 0.0.0.0 for all.", default: "127.0.0.1" }),
    port: option.integer({ help: "Port; 0 takes a free one, which the log then names.", default: 7071, min: 0, max: 65_535 }),
  }),
  clock: option.group("Versions.", {
    maxDriftMs: option.duration({
      help: "How far ahead of this machine's clock a peer's version may be. A mutation further ahead waits and raises an alert; it is neither applied nor dropped.",
      unit: "ms",
      default: 500,
      min: 1,
      max: 3_600_000,
    }),
  }),
  stability: option.group("Forgetting what is left of dead keys and counters: every region must have said that it is past it.", {
    absentAfterMs: option.duration({
      help: "After how long without anything from a peer this region agrees to go on without it: once all others agree, and are more than half, the peer is fenced. What it writes is refused, it stands still when it comes back, and must be rebuilt. 0: never, then what is left waits for as long as a peer stays away. At least 10m.",
      unit: "ms",
      default: 0,
      min: 0,
      max: 366 * 24 * 3_600_000,
    }),
  }),
  capture,
  publish,
  apply,
  policies: POLICY_FIELDS,
  messages: MESSAGE_FIELDS,
  conflicts: option.group("The conflict ledger: what merging chose and what it hid. `meridian conflicts` reads it; the oldest records go first.", {
    bytesMax: option.bytes({ help: "Records of one server's ledger.", default: 64 * MIB, min: 64 * 2 ** 10, max: 16 * GIB }),
    ageHoursMax: option.duration({ help: "How long a record is kept.", unit: "h", default: 168, min: 1, max: 24 * 366 }),
    valueBytesMax: option.bytes({ help: "Longest losing value that is kept, to be written back; of longer ones the length is.", default: 64 * 2 ** 10, min: 0, max: 64 * MIB }),
  }),
  lag: option.group("Measuring the time from a write in its region to its being visible here.", {
    windowMs: option.duration({ help: "The percentiles in /status and /metrics are of the last so many milliseconds.", unit: "ms", default: 60_000, min: 1000, max: 3_600_000 }),
  }),
  logging: option.group("The agent's own log lines, on standard output.", {
    level: option.choice({ help: "The least important lines that are written.", values: LOG_LEVELS, default: "info" }),
    pretty: option.choice({ help: "Readable lines: auto means on a terminal; everywhere else lines are JSON.", values: ["auto", "always", "never"], default: "auto" }),
  }),
  shutdown: option.group("Stopping on SIGTERM or SIGINT.", {
    deadlineMs: option.duration({ help: "How long stopping may drain. What is not drained by then is not lost: it is resumed from the store.", unit: "ms", default: 10_000, min: 100, max: 600_000 }),
  }),
};

/** Checked options of the agent. */
export type AgentOptions = OptionsOf<typeof AGENT_FIELDS>;

/** Checked options of one captured server. */
export type ServerOptions = AgentOptions["servers"][number];
