/**
 * The table against a real stream: every example is sent to a server that has this test attached as a replica, and what
 * the stream carries must be what the row says; the keys that the row finds must be those that the server names and
 * those whose values changed.
 */
import { connect, type Socket } from "node:net";
import { startRedis, waitFor, type TestRedis } from "@meridian/testkit";
import { CommandParser } from "@meridian/resp";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandIn, commandNamed } from "./command-lookup.js";
import { COMMAND_TABLE, existsIn } from "./command-table.js";
import type { CommandRow } from "./command-row.js";
import { exampleWords } from "./example-words.js";
import { STREAM_EXAMPLES, type Example, type ExampleCommand } from "./stream-examples.js";
import { alternativesOf, matchingAlternative, type Arguments } from "./stream-form.js";
import { viewOf } from "./view-of.js";
import { writtenElsewhere, writtenKeys } from "./written-keys.js";

const nameOf = (command: Arguments): string => (command[0] ?? "").toUpperCase();
const show = (commands: readonly Arguments[]): string => commands.map((command) => command.join(" ")).join("; ") || "nothing";

/** A replica that only listens: the commands of the stream, one character per byte. */
class Tail {
  readonly commands: Arguments[] = [];
  readonly #socket: Socket;
  readonly #parser: CommandParser;
  readonly #acks: NodeJS.Timeout;
  readonly #requests = ["REPLCONF rdb-filter-only \"\"\r\n", "PSYNC ? -1\r\n"];
  #head = Buffer.alloc(0);
  #endMark: Buffer | undefined;
  #streaming = false;
  #changed: () => void = () => undefined;

  constructor(port: number) {
    this.#socket = connect(port, "127.0.0.1");
    this.#parser = new CommandParser((view) => {
      const words = Array.from({ length: view.argc }, (_, i) => view.buffer.toString("latin1", view.starts[i], view.ends[i]));
      this.commands.push(words);
      this.#changed();
    }, 0);
    this.#socket.on("data", (chunk) => this.#receive(chunk));
    this.#socket.write("REPLCONF capa eof capa psync2\r\n");
    // The server starts the stream at the first ACK that arrives after it has noticed the end of the payload.
    this.#acks = setInterval(() => this.#streaming && this.#socket.write("REPLCONF ACK 0\r\n"), 20);
  }

  /** Whether anything of the stream has arrived. */
  get flowing(): boolean {
    return this.commands.length > 0;
  }

  /** Commands up to and including the PUBLISH of this message, which are taken away. */
  async until(message: string): Promise<Arguments[]> {
    const isEnd = (command: Arguments): boolean => nameOf(command) === "PUBLISH" && command[2] === message;
    while (!this.commands.some(isEnd)) await new Promise<void>((resolve) => (this.#changed = resolve));
    return this.commands.splice(0, this.commands.findIndex(isEnd) + 1);
  }

  close(): void {
    clearInterval(this.#acks);
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#streaming) return this.#parser.push(chunk);
    this.#head = Buffer.concat([this.#head, chunk]);
    if (this.#head.toString("latin1") === "+OK\r\n") {
      // A PSYNC behind an unanswered request is refused.
      this.#head = Buffer.alloc(0);
      this.#socket.write(this.#requests.shift() ?? "");
      return;
    }
    const declared = /\$EOF:(.{40})\r\n/s.exec(this.#head.toString("latin1"));
    if (declared === null) return;
    this.#endMark = Buffer.from(declared[1] ?? "", "latin1");
    const end = this.#head.indexOf(this.#endMark, declared.index + declared[0].length);
    if (end < 0) return;
    this.#streaming = true;
    this.#parser.push(this.#head.subarray(end + this.#endMark.length));
  }
}

let server: TestRedis;
let other: TestRedis;
let client: Redis;
let tail: Tail;
let marks = 0;

beforeAll(async () => {
  const fast = ["--repl-diskless-sync-delay", "0", "--stream-node-max-entries", "3"];
  [server, other] = await Promise.all([startRedis({ args: fast }), startRedis()]);
  client = server.client();
  tail = new Tail(server.port);
  await waitFor(async () => (await client.publish("mark", "0")) === 0 && tail.flowing, { timeoutMs: 20_000, what: "the stream" });
  await mark();
});
afterAll(async () => {
  tail.close();
  await Promise.all([server.stop(), other.stop()]);
});

/** Everything in the stream since the last mark, without SELECT and PING. */
async function mark(): Promise<Arguments[]> {
  marks += 1;
  await client.publish("mark", String(marks));
  const carried = await tail.until(String(marks));
  return carried.slice(0, -1).filter((command) => !["SELECT", "PING"].includes(nameOf(command)));
}

async function resolved(command: ExampleCommand, prefix = ""): Promise<Buffer[]> {
  const ask = async ([name, ...args]: readonly (string | Buffer)[]): Promise<Buffer> => {
    const answer: unknown = await client.callBuffer(String(name), ...args);
    return Buffer.isBuffer(answer) ? answer : Buffer.from(String(answer));
  };
  return exampleWords(command, { prefix, ask, otherPort: other.port });
}

async function send(command: readonly Buffer[]): Promise<void> {
  const [name, ...rest] = command;
  await client.callBuffer(String(name), ...rest);
}

/** What every key of databases 0 and 1 holds, by "database/key". */
async function values(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const database of [1, 0]) {
    await client.select(database);
    for (const key of await client.keys("*")) {
      const dump = await client.dumpBuffer(key);
      const deadlineMs = await client.call("PEXPIRETIME", key);
      found.set(`${database}/${key}`, `${dump?.toString("latin1")}@${String(deadlineMs)}`);
    }
  }
  return found;
}

function changedKeys(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].filter((key) => before.get(key) !== after.get(key)).sort();
}

function keysByTable(command: Arguments): string[] {
  const view = viewOf(...command);
  const row = commandIn(view);
  if (row === undefined) throw new Error(`the stream carries ${command[0]}, which has no row`);
  const elsewhere = writtenElsewhere(row, view);
  const here = writtenKeys(row, view).map((index) => `0/${command[index]}`);
  return elsewhere === undefined ? here : [...here, `${elsewhere.database}/${command[elsewhere.key]}`];
}

/** Keys that the server itself says the command writes. */
async function keysByServer(command: Arguments): Promise<string[]> {
  const args = command.map((word) => Buffer.from(word, "latin1"));
  const answer: unknown = await client.callBuffer("COMMAND", "GETKEYSANDFLAGS", ...args).catch(() => []);
  const written = (answer as [Buffer, Buffer[]][]).filter(([, flags]) => flags.some((flag) => /^(RW|OW|RM)$/.test(String(flag))));
  return written.map(([key]) => `0/${key.toString("latin1")}`);
}

interface Outcome {
  readonly sent: Arguments;
  readonly carried: readonly Arguments[];
  readonly changed: readonly string[];
}

async function run(example: Example): Promise<Outcome> {
  await client.flushall();
  await client.call("FUNCTION", "FLUSH");
  for (const command of example.slice(0, -1)) await send(await resolved(command));
  const subject = await resolved(example.at(-1) ?? "");
  const before = await values();
  await mark();
  await send(subject);
  const carried = await mark();
  return { sent: subject.map((word) => word.toString("latin1")), carried, changed: changedKeys(before, await values()) };
}

/** Redis 8.0 changes the vector of an element that is already there without telling its replicas. */
const UNTOLD = ["vadd"];

const unique = (items: readonly string[]): string[] => [...new Set(items)].sort();

/** The keys of one carried command, by the table and by the server, which does not tell about other databases. */
async function verifyKeys(command: Arguments): Promise<void> {
  const finder = commandIn(viewOf(...command))?.keys.find;
  if (finder === "copy" || finder === "none") return;
  const here = keysByTable(command).filter((key) => key.startsWith("0/"));
  expect(unique(here), show([command])).toEqual(unique(await keysByServer(command)));
}

async function verify(row: CommandRow, examples: readonly Example[]): Promise<void> {
  const shown = new Set<string>();
  const changes = row.treatment === "captured" || row.treatment === "readback" || row.treatment === "whole";
  let exact = false;
  for (const example of examples) {
    const { sent, carried, changed } = await run(example);
    const alternative = matchingAlternative(row.stream, sent, carried, server.version.text);
    expect(alternative, `${sent.join(" ")} came as ${show(carried)}`).toBeDefined();
    shown.add(alternative ?? "");
    for (const command of carried) await verifyKeys(command);
    const found = unique(carried.flatMap(keysByTable));
    if (changes && !UNTOLD.includes(row.name)) expect(found, sent.join(" ")).toEqual(expect.arrayContaining([...changed]));
    exact ||= found.length > 0 && found.join(" ") === changed.join(" ");
  }
  expect(exact || !changes, "an example that changed every key that the row finds").toBe(true);
  expect([...shown].sort(), "alternatives that the examples showed").toEqual([...alternativesOf(row.stream, server.version.text)].sort());
}

describe("the stream column", () => {
  const rows = COMMAND_TABLE.filter((row) => row.treatment !== "transport" && alternativesOf(row.stream).length > 0);
  it.each(rows.map((row) => row.name))("%s", async (name) => {
    const row = commandNamed(name);
    if (!existsIn(row, server.version.kind, server.version.text)) return;
    const examples = STREAM_EXAMPLES[name] ?? [];
    expect(examples.length, "examples").toBeGreaterThan(0);
    await verify(row, examples);
  });

  it("examples name no key but those that get the prefix, by the server's own account", async () => {
    await client.flushall();
    await client.set("under:k", "v");
    for (const command of Object.values(STREAM_EXAMPLES).flat(2)) {
      const words = await resolved(command, "under:");
      const keys: unknown = await client.callBuffer("COMMAND", "GETKEYS", ...words).catch((error: unknown) => String(error));
      // A later server's command.
      if (/Invalid command/.test(String(keys))) continue;
      if (typeof keys === "string") {
        expect([String(words), keys]).toEqual([expect.not.stringContaining("under:"), expect.stringMatching(/no key arguments|number of arguments/)]);
        continue;
      }
      expect((keys as Buffer[]).map(String).filter((key) => !key.startsWith("under:")), String(words)).toEqual([]);
      const marked = words.map(String).filter((word) => word.startsWith("under:"));
      expect((keys as Buffer[]).map(String).sort(), String(words)).toEqual(marked.sort());
    }
  });

  it("groups what a transaction wrote, and leaves a group of one write bare", async () => {
    await client.flushall();
    await mark();
    await client.multi().set("a", "1").set("b", "1").exec();
    expect((await mark()).map((command) => command.join(" ").toUpperCase())).toEqual(["MULTI", "SET A 1", "SET B 1", "EXEC"]);
    await client.multi().set("a", "1").get("b").exec();
    expect((await mark()).map((command) => command.join(" ").toUpperCase())).toEqual(["SET A 1"]);
  });

  it("puts the DEL of a lazily expired key inside the group of the command that met it", async () => {
    await client.flushall();
    await client.call("DEBUG", "SET-ACTIVE-EXPIRE", "0").catch(() => undefined);
    await client.sadd("s", "old");
    await client.pexpire("s", 1);
    await expect.poll(async () => client.exists("s")).toBe(0);
    await mark();
    await client.sadd("s", "new");
    const carried = (await mark()).map((command) => command.join(" ").toUpperCase());
    expect(carried.at(-1) === "EXEC" ? carried.at(-2) : carried.at(-1)).toBe("SADD S NEW");
  });
});
