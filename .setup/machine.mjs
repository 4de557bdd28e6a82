/**
 * What must be on the machine itself: a Redis or Valkey server, and for tests Java and Maven. Looked for on the PATH;
 * installed by the system's package manager where missing, by sudo where we are not root.
 */
import { spawnSync } from "node:child_process";

/** Package managers that we know, in order of trial, with the names of their packages: the first that installs is taken. */
const MANAGERS = [
  {
    command: "apt-get",
    prepare: ["update", "-q"],
    install: ["install", "-y", "-q", "--no-install-recommends"],
    redis: ["redis-server", "valkey-server"],
    java: ["openjdk-21-jre-headless", "openjdk-17-jre-headless", "default-jre-headless"],
    maven: ["maven"],
  },
  {
    command: "dnf",
    install: ["install", "-y", "-q"],
    redis: ["redis", "valkey"],
    java: ["java-21-openjdk-headless", "java-17-openjdk-headless"],
    maven: ["maven"],
  },
  {
    command: "apk",
    install: ["add", "--no-cache"],
    redis: ["redis", "valkey"],
    java: ["openjdk21-jre-headless", "openjdk17-jre-headless"],
    maven: ["maven"],
  },
  { command: "brew", install: ["install"], redis: ["redis", "valkey"], java: ["openjdk@21", "openjdk@17"], maven: ["maven"], asUser: true },
];

/** Kafka 4 brokers need it. */
const JAVA_VERSION_MIN = 17;
const FOR_KAFKA = "for the Kafka broker of the tests; or set MERIDIAN_TEST_KAFKA=host:port";

/** A server to start regions from. REDIS_SERVER names one explicitly. */
export function requireRedis() {
  const named = process.env.REDIS_SERVER;
  const there = named ? runs(named, ["--version"]) : runs("redis-server", ["--version"]) || runs("valkey-server", ["--version"]);
  if (there) return;
  if (named) throw new Error(`REDIS_SERVER names ${named}, which does not run`);
  install("redis", "a Redis or Valkey server", () => runs("redis-server", ["--version"]) || runs("valkey-server", ["--version"]));
}

/** Java for the broker that tests run against. */
export function requireJava() {
  const enough = () => javaVersion() >= JAVA_VERSION_MIN;
  if (!enough()) install("java", `Java ${JAVA_VERSION_MIN} or newer (${FOR_KAFKA})`, enough);
}

/** Maven, which fetches that broker. */
export function requireMaven() {
  const there = () => runs("mvn", ["--version"]);
  if (!there()) install("maven", `Maven (${FOR_KAFKA})`, there);
}

function runs(command, args) {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

function javaVersion() {
  const { stderr } = spawnSync("java", ["-version"], { encoding: "utf8" });
  return Number(/version "(\d+)/.exec(stderr ?? "")?.[1] ?? 0);
}

function install(kind, what, satisfied) {
  if (process.env.MERIDIAN_NO_SYSTEM_INSTALL) throw new Error(`${what} is missing, and MERIDIAN_NO_SYSTEM_INSTALL is set`);
  const manager = MANAGERS.find(({ command }) => runs(command, ["--version"]));
  if (manager === undefined) {
    const known = MANAGERS.map(({ command }) => command).join(", ");
    throw new Error(`${what} is missing, and none of ${known} is here: install it by hand`);
  }
  console.log(`set-up: ${what} is missing`);
  if (manager.prepare !== undefined) asRoot(manager, manager.prepare);
  for (const name of manager[kind]) {
    if (asRoot(manager, [...manager.install, name]) && satisfied()) return;
  }
  throw new Error(`${what} is missing and ${manager.command} could not install ${manager[kind].join(" or ")}: install it by hand`);
}

/** Whether it ended well. The output is shown: whoever waits should see for what. */
function asRoot(manager, args) {
  const plain = manager.asUser === true || process.getuid?.() === 0;
  const [command, ...rest] = plain ? [manager.command, ...args] : ["sudo", manager.command, ...args];
  console.log(`set-up: ${[command, ...rest].join(" ")}`);
  const { status, error } = spawnSync(command, rest, { stdio: "inherit", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
  if (error?.code === "ENOENT") throw new Error(`${command} is missing: become root, or install the packages by hand`);
  return status === 0;
}
