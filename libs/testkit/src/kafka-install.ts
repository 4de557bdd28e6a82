/**
 * The jars of a real Apache Kafka broker, fetched once by Maven.
 *
 * Promises a folder of jars and a formatted data folder under `.cache/kafka` at the root of the repository (ignored by
 * git), made once per content of kafka/pom.xml, also when several processes ask at once. Refuses, with the remedy,
 * where there is no Maven or no Java: tests that need a broker then fail, they are never skipped.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { MeridianError } from "@meridian/words";
import { waitFor } from "./wait-for.js";

/** What a broker is started from. */
export interface KafkaInstall {
  /** For `java -cp`. */
  readonly classPath: string;
  /** A formatted, empty `log.dirs`, to be copied. */
  readonly formatted: string;
}

/** The JVM of a small broker: little heap, one collector thread, only the quick compiler. */
export const KAFKA_JVM_FLAGS: readonly string[] = [
  ...["-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"],
  "-Djava.awt.headless=true",
];

const POM = fileURLToPath(new URL("../kafka/pom.xml", import.meta.url));
const CACHE = fileURLToPath(new URL("../../../.cache/kafka", import.meta.url));
/** Any valid id does; a constant one saves the start of a JVM. */
const CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qg";
/** The first time downloads 43 MB. */
const INSTALL_TIMEOUT_MS = 300_000;
const REMEDY =
  "install Maven and a JDK of version 17 or newer (Debian: apt-get install maven), " +
  "or set MERIDIAN_TEST_KAFKA=host:port to a broker that tests may use";

const run = promisify(execFile);

/** The environment of the tools: PATH matters. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Finds or makes the install in the folder `cache`. Throws `LOG_UNAVAILABLE` with the remedy. */
export async function installKafka(cache = CACHE, env: Environment = process.env): Promise<KafkaInstall> {
  const key = createHash("sha256").update(await readFile(POM)).digest("hex").slice(0, 12);
  const folder = join(cache, key);
  const install = { classPath: join(folder, "lib", "*"), formatted: join(folder, "formatted") };
  if (await exists(folder)) return install;
  await mkdir(cache, { recursive: true });
  await withLock(`${folder}.lock`, async () => {
    if (!(await exists(folder))) await makeInstall(folder, env);
  });
  return install;
}

async function makeInstall(folder: string, env: Environment): Promise<void> {
  const making = `${folder}.${process.pid}.new`;
  try {
    await mkdir(making, { recursive: true });
    const maven = ["-q", "-B", "-f", POM, "dependency:copy-dependencies", "-DincludeScope=runtime"];
    await tool(env, "mvn", [...maven, `-DoutputDirectory=${join(making, "lib")}`]);
    const properties = join(making, "format.properties");
    await writeFile(properties, formatProperties(join(making, "formatted")));
    const format = ["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", properties];
    await tool(env, "java", [...KAFKA_JVM_FLAGS, "-cp", join(making, "lib", "*"), ...format]);
    await rename(making, folder);
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

async function tool(env: Environment, command: string, args: readonly string[]): Promise<void> {
  try {
    await run(command, args, { timeout: INSTALL_TIMEOUT_MS, env });
  } catch (error) {
    const { code, stdout = "", stderr = "" } = error as { code?: string | number; stdout?: string; stderr?: string };
    const what = code === "ENOENT" ? "it is not installed" : `${stdout}${stderr}`.trim().slice(-2000) || String(error);
    throw new MeridianError("LOG_UNAVAILABLE", `a Kafka broker is needed and ${command} failed: ${what}`, {
      advice: REMEDY,
      cause: error,
    });
  }
}

function formatProperties(dataDir: string): string {
  return [
    "process.roles=broker,controller",
    "node.id=1",
    "controller.quorum.voters=1@127.0.0.1:1",
    "controller.listener.names=CONTROLLER",
    "listeners=PLAINTEXT://127.0.0.1:2,CONTROLLER://127.0.0.1:1",
    `log.dirs=${dataDir}`,
    "",
  ].join("\n");
}

/** One process makes, the others wait: Maven's local repository is not safe for two at a time. */
async function withLock(path: string, work: () => Promise<void>): Promise<void> {
  await waitFor(() => takeLock(path), { timeoutMs: INSTALL_TIMEOUT_MS, pollMs: 200, what: `${path} held by another process` });
  try {
    await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function takeLock(path: string): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const owner = Number(await readFile(path, "utf8").catch(() => ""));
    if (owner > 0 && !runs(owner)) await rm(path, { force: true });
    return false;
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
