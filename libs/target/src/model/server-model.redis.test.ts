import { ApplyBatch, encodeMarkHeader, type ElementsEdit } from "@meridian/mark";
import { CommandParser, ReplyError, type Reply } from "@meridian/resp";
import { findRedisBinary, startRedis, type TestRedis } from "@meridian/testkit";
import { hlcOf, VersionVector, writerId } from "@meridian/words";
import fc from "fast-check";
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RedisTarget } from "../redis/redis-target.js";
import { ServerConnection } from "../redis/server-connection.js";
import { comparable, comparableReply, parityKeys, paritySteps, type ParityOp, type ParityStep } from "../testing/parity.js";
import { exactElements } from "../testing/parity-exact.js";
import { streamEditOf } from "../testing/parity-streams.js";
import { StreamTail, type StreamCommand } from "../testing/stream-tail.js";
import { ServerModel } from "./server-model.js";

const RUNS = 150;
const SEED = 20261121;
/** How far ahead a deadline is laid that is past. */
const OVERDUE_MS = 20;
const vector = new VersionVector([[writerId("us", "0"), hlcOf(1_700_000_000_000)]]);

let server: TestRedis;
let clients: ServerConnection[];
let target: RedisTarget;
let tail: StreamTail;
let probes = 0;

beforeAll(async () => {
  server = await startRedis({ args: ["--enable-debug-command", "yes"] });
  const options = { host: "127.0.0.1", port: server.port, connectTimeoutMs: 2000, replyTimeoutMs: 10_000 };
  clients = [await ServerConnection.open(options), await ServerConnection.open(options)];
  await clients[1]!.call(["SELECT", "1"]);
  await clients[0]!.call(["DEBUG", "SET-ACTIVE-EXPIRE", "0"]);
  target = await RedisTarget.connect({ ...options, clientName: "parity" });
  tail = await StreamTail.attach(server.port);
});
afterAll(async () => {
  tail.close();
  await Promise.all([...clients.map((client) => client.close()), target.close()]);
  await server.stop();
});

/** Both sides of one run, and how far the chain of batches has come. */
class Pair {
  readonly model = new ServerModel();
  epoch = 0;
  seq = 0;
  #reads = 0;

  async begin(): Promise<void> {
    await this.command(0, ["FLUSHALL"]);
    await this.fence();
    await this.#drain(); // from here on the streams of both have database 0 selected
  }

  async step(step: ParityStep): Promise<void> {
    switch (step.step) {
      case "command":
        return this.command(step.db, step.args);
      case "transaction":
        return this.transaction(step.db, step.commands);
      case "fence":
        return this.fence();
      case "read":
        this.#reads += 1;
        return this.same("read", await target.read(this.#request(), this.epoch, step.byteLimit), this.model.read(this.#request(), this.epoch, step.byteLimit, Date.now()));
      case "gap":
        return this.#send(this.seq + 1, [], []);
      case "apply": {
        await this.#send(this.seq, ...(await this.#digests(step.ops)), step.ops);
        if (step.ops.some(({ op, deadlineMs }) => op === "setExpiry" && deadlineMs === 1000)) await passMilliseconds(OVERDUE_MS);
        if (step.again) await this.#send(this.seq - 1, [], []);
      }
    }
  }

  async command(db: number, args: readonly string[]): Promise<void> {
    const real = await clients[db]!.call(args);
    this.same(args.join(" "), comparableReply(args, real), comparableReply(args, this.model.execute(args, Date.now(), db)));
    await passDeadlines(args);
  }

  async transaction(db: number, commands: readonly (readonly string[])[]): Promise<void> {
    const client = clients[db]!;
    const queued = [["MULTI"], ...commands, ["EXEC"], ["SELECT", String(db)]].map((args) => client.call(args));
    const real = (await Promise.all(queued)).at(-2) as Reply[];
    const modelled = this.model.transaction(commands, Date.now(), db);
    if (real instanceof ReplyError) throw new Error(real.message);
    commands.forEach((args, i) => this.same(args.join(" "), comparableReply(args, real[i]), comparableReply(args, modelled[i])));
    for (const args of commands) await passDeadlines(args);
  }

  async fence(): Promise<void> {
    const [real, modelled] = [await target.fence(), this.model.fence(Date.now())];
    this.same("fence", { ...real.mark, vector: "" }, { ...modelled.mark, vector: "" });
    this.epoch = real.epoch;
    this.seq = 0;
  }

  /** Streams and data since the last call must be equal. */
  async streams(): Promise<void> {
    for (const { db, key } of parityKeys) {
      for (const args of [["TYPE", key], ["PEXPIRETIME", key], ["GET", key], ["HGETALL", key], ["SMEMBERS", key], ["ZRANGE", key, "0", "-1", "WITHSCORES"], ["LRANGE", key, "0", "-1"], ["XRANGE", key, "-", "+"]]) await this.command(db, args);
    }
    const [real, modelled] = await this.#drain();
    this.same("stream", comparable(real), comparable(modelled));
  }

  same(what: string, real: unknown, modelled: unknown): void {
    expect(modelled, what).toEqual(real);
  }

  async #drain(): Promise<[StreamCommand[], StreamCommand[]]> {
    const token = String(++probes);
    await clients[0]!.call(["SET", "meridian:probe", token]);
    this.model.execute(["SET", "meridian:probe", token], Date.now());
    return [await tail.until(token), parse(this.model.takeStream()).slice(0, -1)];
  }

  #request(): { id: number; keys: typeof parityKeys } {
    return { id: this.#reads, keys: parityKeys };
  }

  async #send(prevSeq: number, real: readonly string[], modelled: readonly string[], ops: readonly ParityOp[] = []): Promise<void> {
    const [a, b] = [real, modelled].map((digests) => this.#batch(prevSeq, ops, digests)) as [ApplyBatch, ApplyBatch];
    const reply = await target.apply(a);
    this.same("apply", reply, this.model.apply(b, Date.now()));
    if (reply.status === "OK") this.seq = reply.seq;
  }

  /** Exactly what is there, or what was expected: another deadline, one element less, another one. */
  #unlink(batch: ApplyBatch, { db, key, type, exactly, right, held, heldDeadlineMs }: ParityOp): void {
    const entry = exactly ? this.model.snapshot(Date.now()).find((other) => other.db === db && other.key === key) : undefined;
    if (!entry) return batch.unlinkKey(db, key, type);
    const elements = exactElements(entry);
    const other = elements.map(([name, content], at) => [name, at === 0 ? `=${held}` : content] as const);
    const wrong = held.length % 2 === 0 ? elements.slice(1) : other;
    const expected = held.length % 3 === 0 ? wrong : elements;
    batch.unlinkKey(db, key, right ? entry.type : type, { heldMs: right ? entry.deadlineMs : heldDeadlineMs, elements: expected });
  }

  /** What a list holds. */
  #items({ db, key }: ParityOp): string[] {
    const held = this.model.execute(["LRANGE", key, "0", "-1"], Date.now(), db);
    return Array.isArray(held) ? (held as Buffer[]).map((item) => item.toString("latin1")) : [];
  }

  /** What a stream holds. */
  #entries({ db, key }: ParityOp): ReadonlyMap<string, string[]> {
    const held = this.model.execute(["XRANGE", key, "-", "+"], Date.now(), db);
    const entries = Array.isArray(held) ? (held as [Buffer, Buffer[]][]) : [];
    return new Map(entries.map(([id, texts]) => [id.toString("latin1"), texts.map((text) => text.toString("latin1"))]));
  }

  /** DUMP of every key on both sides, because payloads and their digests are each side's own. */
  async #digests(ops: readonly ParityOp[]): Promise<[string[], string[]]> {
    const real: string[] = [];
    const modelled: string[] = [];
    for (const { db, key } of ops) {
      real.push(((await clients[db]!.call(["DUMP", key])) as Buffer | null)?.toString("latin1") ?? "");
      modelled.push((this.model.execute(["DUMP", key], Date.now(), db) as Buffer | null)?.toString("latin1") ?? "");
    }
    return [real, modelled];
  }

  #batch(prevSeq: number, ops: readonly ParityOp[], dumps: readonly string[]): ApplyBatch {
    const seq = prevSeq + 1;
    const header = encodeMarkHeader({ epoch: this.epoch, seq, vector, deferred: [], settled: [] });
    const batch = new ApplyBatch(this.epoch, prevSeq, seq, header);
    ops.forEach((op, i) => {
      if (op.op === "editStream") batch.editStream(op.db, op.key, streamEditOf(op.stream, this.#entries(op)));
      else if (op.op === "unlinkKey") this.#unlink(batch, op);
      else add(batch, op, dumps[i] ?? "", this.#items(op));
    });
    return batch;
  }
}

function add(batch: ApplyBatch, o: ParityOp, dump: string, items: readonly string[]): void {
  const held = o.expect === "#" ? sha16(o.held) : o.held;
  const wholeExpect = o.expect === "=" ? "#" : o.expect;
  const digest = o.right ? sha16(dump) : "0123456789abcdef";
  const scoreExpect = o.expect === "#" ? "=" : o.expect;
  const heldMs = o.heldDeadlineMs === -2 ? undefined : o.heldDeadlineMs;
  const holds = o.holds === "=" ? `=${o.held}` : o.holds === "#" ? `#${sha16(o.held)}` : o.holds === "d" ? `d${digest}` : o.holds;
  switch (o.op) {
    case "setString": return batch.setString(o.db, o.key, o.expect, held, o.value, o.deadlineMs, heldMs);
    case "incrString": return batch.incrString(o.db, o.key, o.value);
    case "addDecimal": return batch.addDecimal(o.db, o.key, undefined, o.value);
    case "addDecimalField": return batch.addDecimal(o.db, o.key, o.field, o.value);
    case "delString": return batch.delString(o.db, o.key, o.expect, held);
    case "setField": return batch.setField(o.db, o.key, o.field, o.expect, held, o.value);
    case "incrField": return batch.incrField(o.db, o.key, o.field, o.value);
    case "delField": return batch.delField(o.db, o.key, o.field, o.expect, held);
    case "addMember": return batch.addMember(o.db, o.key, o.field);
    case "removeMember": return batch.removeMember(o.db, o.key, o.field);
    case "setScore": return batch.setScore(o.db, o.key, o.field, scoreExpect, o.heldScore, o.score);
    case "removeScore": return batch.removeScore(o.db, o.key, o.field, o.heldScore);
    case "setExpiry": return batch.setExpiry(o.db, o.key, o.heldDeadlineMs, o.deadlineMs, holds);
    case "restoreWhole": return batch.restoreWhole(o.db, o.key, wholeExpect, digest, dump || "no payload", o.deadlineMs, o.right, heldMs);
    case "delWhole": return batch.delWhole(o.db, o.key, wholeExpect, digest);
    case "editList": return batch.editList(o.db, o.key, editsOf(o, items));
    case "editStream": return; // takes entries instead of items
    case "unlinkKey": return; // takes what the key holds
    case "requireKey": return batch.requireKey(o.db, o.key);
  }
}

/** Edits in the order of the list; where the operation is not `right`, the first one expects what is not there. */
function editsOf({ edits, right }: ParityOp, items: readonly string[]): ElementsEdit[] {
  const print = (at: number): string => {
    const item = items[at];
    return item === undefined ? "-" : item.length > 32 ? `#${sha16(item)}` : `=${item}`;
  };
  const made: ElementsEdit[] = [];
  let from = 0;
  let tail = false;
  for (const { gap, removed, values, tail: turns, loose } of edits) {
    const at = Math.min(from + gap, items.length);
    const gone = items.slice(at, at + removed).map((_, i) => print(at + i));
    tail ||= turns;
    const end = at + gone.length;
    const left = !right && made.length === 0 ? "=nothing of the kind" : loose ? "~" : print(at - 1);
    made.push({ side: tail ? "t" : "h", offset: tail ? items.length - end : at, removed: gone, values, left, right: loose ? "~" : print(end) });
    from = end;
  }
  return made;
}

/** After a command with a lifetime of a millisecond: until the clock, which both sides read, is past it. */
async function passDeadlines(args: readonly string[]): Promise<void> {
  if (args[0] === "SET" && args.includes("PX") && args.includes("1", 3)) await passMilliseconds();
}

async function passMilliseconds(ms = 0): Promise<void> {
  const until = Date.now() + ms + 3;
  while (Date.now() <= until) await new Promise((resolve) => setImmediate(resolve));
}

function parse(stream: Buffer): StreamCommand[] {
  const commands: string[][] = [];
  new CommandParser(({ buffer, argc, starts, ends }) => {
    commands.push(Array.from({ length: argc }, (_, i) => buffer.toString("latin1", starts[i], ends[i])));
  }, 0).push(stream);
  return commands;
}

function sha16(text: string): string {
  return createHash("sha1").update(text, "latin1").digest("hex").slice(0, 16);
}

// The model is of one version: later servers print scores shorter and expire with UNLINK, which says nothing about it.
const sameVersion = (await findRedisBinary()).version.text.startsWith("7.0.");

test.runIf(sameVersion)("random commands, transactions, batches and reads (of Redis 7.0, which the model is of): replies, data and stream are those of a real server", async () => {
  await fc.assert(
    fc.asyncProperty(paritySteps, async (steps) => {
      const pair = new Pair();
      await pair.begin();
      for (const step of steps) await pair.step(step);
      await pair.streams();
    }),
    { numRuns: RUNS, seed: SEED, endOnFailure: false },
  );
}, 120_000);

test.runIf(sameVersion)("active expiry is one DEL per key, outside of MULTI (Redis 7.0, which the model is of)", async () => {
  const pair = new Pair();
  await pair.begin();
  await pair.transaction(0, [["SET", "a", "1", "PX", "1"], ["SET", "b", "1", "PX", "1"]]);
  await clients[0]!.call(["DEBUG", "SET-ACTIVE-EXPIRE", "1"]);
  while ((await clients[0]!.call(["DBSIZE"])) !== 2) await new Promise((resolve) => setImmediate(resolve));
  await clients[0]!.call(["DEBUG", "SET-ACTIVE-EXPIRE", "0"]);
  expect(pair.model.expire(Date.now())).toBe(2);
  const token = String(++probes);
  await clients[0]!.call(["SET", "meridian:probe", token]);
  const real = (await tail.until(token)).slice(-2).map((args) => args.join(" "));
  expect(real.sort()).toEqual(["DEL a", "DEL b"]);
  expect(parse(pair.model.takeStream()).slice(-2).map((args) => args.join(" "))).toEqual(["DEL a", "DEL b"]);
});
