/**
 * The tables of rules in the README and LISTS.md of libs/merge, executed: every row on three real servers with agents that share a
 * log. What two regions write concurrently is written while the log holds back what they would tell each other.
 */
import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";
import { COMMAND_TABLE, existsIn } from "@meridian/commands";
import { PolicyTable } from "@meridian/region";
import { waitFor } from "@meridian/testkit";
import { hlcMs } from "@meridian/words";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { areQuiet, describePlace, followsEvictions, followsFloats, openPlaces, type Place } from "./testing/place.js";

interface Phase {
  readonly commands: readonly string[];
  /** 1: before the other region's; 2: after. Undefined: at the same time. */
  readonly order: number | undefined;
}

interface Vector {
  readonly title: string;
  readonly first: readonly Phase[];
  readonly eu: readonly Phase[];
  readonly us: readonly Phase[];
  readonly reads: readonly { readonly command: string; readonly allowed: readonly string[] }[];
}

const TABLES = ["README.md", "LISTS.md"].map((name) => new URL(`../../../libs/merge/${name}`, import.meta.url));
const ROW = /^\|(?<rule>[^|]*)\|(?<first>[^|]*)\|(?<eu>[^|]*)\|(?<us>[^|]*)\|(?<reads>[^|]*)\|$/;

function readVectors(text: string): Vector[] {
  const rows = text.split("\n").flatMap((line) => {
    const cells: Partial<Record<string, string>> | undefined = ROW.exec(line)?.groups;
    return cells ? [cells] : [];
  });
  const isHead = ({ first = "" }: Partial<Record<string, string>>): boolean => first.trim() === "first" || first.startsWith("---");
  return rows.filter((row) => !isHead(row)).map(({ first = "", eu = "", us = "", reads = "" }) => ({
    title: `${first.trim()} : ${eu.trim()} ∥ ${us.trim()} : ${reads.trim()}`.replaceAll("`", "").replace(/^ : /, ""),
    first: phasesOf(first),
    eu: phasesOf(eu),
    us: phasesOf(us),
    reads: [...reads.matchAll(/`([^`]+)` → ((?:`[^`]*`(?: or )?)+)/g)].map(([, command = "", allowed = ""]) => ({
      command,
      allowed: [...allowed.matchAll(/`([^`]*)`/g)].map(([, value = ""]) => value),
    })),
  }));
}

function phasesOf(cell: string): Phase[] {
  return cell.split(/\bthen\b/).map((part) => {
    const order = /@(\d)/.exec(part)?.[1];
    return { commands: [...part.matchAll(/`([^`]+)`|\*([^*]+)\*/g)].map(([, command, event]) => command ?? `*${event}`), order: order ? Number(order) : undefined };
  });
}

const NAMES = ["eu", "us", "ap"] as const;
/** One for each row; the row about MOVE moves to the last. */
const DATABASES = 400;
/** Keys of the rows about registers begin so. */
const POLICIES = new PolicyTable([{ prefix: "lww:", policy: { kind: "lww" } }]);
let places: Place[];
let clients: Redis[];
/** Servers that tell of floats and of evictions, and drop keys that have a deadline where there is no room. */
const SERVERS = ["--databases", String(DATABASES), "--notify-keyspace-events", "K$hgxe", "--maxmemory-policy", "volatile-ttl", "--maxmemory", "1gb"];
/** What us evicts is deleted everywhere. */
const REPLICATES = 1;
/** A mesh that did not come to rest tells nothing about the rows that follow. */
let stuck: Error | undefined;

beforeAll(async () => {
  const floats = { mode: "on", prefixes: [""] } as const;
  places = await openPlaces(NAMES, SERVERS, (at) => ({ policies: POLICIES, floats, evictions: at === REPLICATES ? "replicate" : "keep" }));
  clients = places.map(({ server }) => server.client());
  await allQuiet();
  await eventsFollowed();
});
afterAll(() => Promise.all(places.map((place) => place.stop())));

/** Until every region has received and settled everything, and its server has executed nothing more. */
async function allQuiet(): Promise<void> {
  const quiet = (): Promise<boolean> => areQuiet(places, clients);
  if (stuck) throw stuck;
  const waiting = waitFor(quiet, { timeoutMs: 10_000, what: () => `quiet: ${JSON.stringify(places.map((place) => describePlace(place)))}` });
  await waiting.catch((error: unknown) => {
    stuck = error as Error;
    throw error;
  });
}

/** Behind a command of which events cannot be told apart they are followed again within a second. */
function eventsFollowed(): Promise<unknown> {
  const areFollowed = (place: Place, at: number): boolean => followsFloats(place) && (at === REPLICATES || followsEvictions(place));
  const statuses = (): unknown => places.map(({ life: { region } }) => [region.floats?.status, region.evictions?.events.status]);
  return waitFor(() => places.every(areFollowed), { timeoutMs: 10_000, what: () => `events: ${JSON.stringify(statuses())}` });
}

/** Later versions of any region are greater than every one given so far. */
async function timePasses(): Promise<void> {
  const last = Math.max(...places.map(({ life: { region } }) => (region.lastVersion > 0 ? hlcMs(region.lastVersion) : 0)));
  await waitFor(() => Date.now() > last, { what: "the next millisecond", pollMs: 1 });
}

async function run(client: Redis, command: string): Promise<unknown> {
  if (command.startsWith("*")) {
    const [key = "", ...event] = command.slice(1).split(" ");
    const isEvicted = event.join(" ") === "is evicted";
    const isGone = async (): Promise<boolean> => (isEvicted && (await makeRoom(client)), (await client.exists(key)) === 0);
    return waitFor(isGone, { what: `the end of ${key}` });
  }
  const [name = "", ...args] = wordsOf(command);
  return client.call(name, ...args);
}

/** For one command the server may hold nothing: it drops what has a deadline, in all databases. Rows before need theirs no more. */
function makeRoom(client: Redis): Promise<unknown> {
  return client.pipeline().config("SET", "maxmemory", "1").ping().config("SET", "maxmemory", "1gb").exec();
}

/** Words between spaces; in quotes as JSON has them. */
function wordsOf(command: string): string[] {
  return (command.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? []).map((word) => (word.startsWith('"') ? (JSON.parse(word) as string) : word));
}

async function runPhase(at: number, phase: Phase | undefined): Promise<void> {
  for (const command of phase?.commands ?? []) await run(clients[at] as Redis, command);
  await waitFor(() => (places[at] as Place).hasCaptured(clients[at] as Redis), { what: `${NAMES[at]} to be captured` });
}

async function runConcurrently(eu: Phase | undefined, us: Phase | undefined): Promise<void> {
  for (const { log } of places) log.hold();
  if (eu?.order === undefined || us?.order === undefined) {
    await Promise.all([runPhase(0, eu), runPhase(1, us)]);
  } else {
    const isEuFirst = eu.order < us.order;
    await (isEuFirst ? runPhase(0, eu) : runPhase(1, us));
    await timePasses();
    await (isEuFirst ? runPhase(1, us) : runPhase(0, eu));
  }
  for (const { log } of places) log.release();
  await allQuiet();
}

async function read(client: Redis, command: string): Promise<string> {
  const reply = (await run(client, command)) as string | number | null | readonly unknown[];
  if (Array.isArray(reply)) {
    const flat = (reply as readonly unknown[]).flat(Infinity).map(String);
    if (command.startsWith("SMEMBERS")) flat.sort();
    if (command.startsWith("HGETALL")) return pairs(flat).sort().join(" ");
    return flat.join(" ");
  }
  return reply === null ? "nil" : String(reply);
}

function pairs(flat: readonly string[]): string[] {
  return flat.flatMap((name, at) => (at % 2 === 0 ? [`${name} ${flat[at + 1]}`] : []));
}

/** `≈5000`: no more than that, and up to a minute less. */
function isAllowed(value: string, allowed: readonly string[]): boolean {
  return allowed.some((text) => {
    const most = Number(text.slice(1));
    return text.startsWith("≈") ? Number(value) <= most && Number(value) > most - 60 : text === value;
  });
}

const vectors = TABLES.flatMap((table) => readVectors(readFileSync(table, "utf8")));

describe("the rules as written", () => {
  test("are all read from the table", () => {
    expect(vectors.length).toBeGreaterThan(100);
    expect(vectors.length).toBeLessThan(DATABASES - 1);
    for (const { title, eu, us, reads } of vectors) {
      expect([title, eu.some((phase) => phase.commands.length > 0) || us.length > 0, reads.length > 0]).toEqual([title, true, true]);
    }
  });

  test("name every write command of Redis 7.0 and Valkey 8", () => {
    const shown = vectors.flatMap(({ first, eu, us }) => [...first, ...eu, ...us].flatMap(({ commands }) => commands));
    const told = /^Without a row.*?\n\n/ms.exec(readFileSync(TABLES[0]!, "utf8"))?.[0] ?? "";
    const isTold = (name: string): boolean => told.includes(`\`${name.split(" ")[0]}\``) || told.includes(`\`${name}\``);
    const isShown = (name: string): boolean => shown.some((command) => `${command} `.startsWith(`${name} `));
    const known = COMMAND_TABLE.filter((row) => existsIn(row, "redis", "7.0.0") || existsIn(row, "valkey", "8.0.0"));
    expect(known.length).toBeGreaterThan(100);
    expect(known.map(({ name }) => name.toUpperCase().replace("|", " ")).filter((name) => !isShown(name) && !isTold(name))).toEqual([]);
  });

  for (const [at, { title, first, eu, us, reads }] of vectors.entries()) {
    test(title, async () => {
      await Promise.all(clients.map((client) => client.select(at + 1)));
      await eventsFollowed();
      for (const phase of first) await runPhase(0, phase);
      await allQuiet();
      for (let phase = 0; phase < Math.max(eu.length, us.length); phase += 1) await runConcurrently(eu[phase], us[phase]);
      for (const { command, allowed } of reads) {
        const found = await Promise.all(clients.map((client) => read(client, command)));
        expect([command, ...found]).toEqual([command, ...found.map(() => found[0])]);
        expect([command, found[0], isAllowed(found[0] ?? "", allowed)]).toEqual([command, found[0], true]);
        if (command.startsWith("TTL")) {
          const deadlines = await Promise.all(clients.map((client) => client.call("PEXPIRETIME", command.slice(4))));
          expect(new Set(deadlines).size).toBe(1);
        }
      }
    });
  }

  test("and nothing came home: the region that only listened has published nothing", () => {
    const ap = (places[2] as Place).counters;
    expect([ap.mutations, ap.publishedBytes]).toEqual([0, 0]);
    expect(places.flatMap(({ failures }) => failures)).toEqual([]);
  });
});
