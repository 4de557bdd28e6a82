/**
 * A real server, a target on it and a tail of its stream, for the tests of the target. The bindings are live: they change
 * with every test, each of which begins on an empty server under a lease of its own.
 */
import { ApplyBatch, decodeMark, encodeMarkHeader, MARK_KEY, type Mark } from "@meridian/mark";
import { startRedis, type TestRedis } from "@meridian/testkit";
import { hlcOf, VersionVector, writerId } from "@meridian/words";
import type { Redis } from "ioredis";
import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { StreamTail, type StreamCommand } from "./stream-tail.js";
import { RedisTarget } from "../redis/redis-target.js";

export let server: TestRedis;
export let redis: Redis;
export let target: RedisTarget;
export let tail: StreamTail;
export let epoch = 0;
export let seq = 0;
let probes = 0;
export const vector = new VersionVector([[writerId("us", "0"), hlcOf(1_700_000_000_000, 3)]]);

/** Another target on the same server. */
export const connect = (more: object = {}): Promise<RedisTarget> =>
  RedisTarget.connect({ host: "127.0.0.1", port: server.port, connectTimeoutMs: 2000, replyTimeoutMs: 10_000, clientName: "test", ...more });

/** Call once, at the top of a test file. */
export function useTargetBed(): void {
  beforeAll(async () => {
    server = await startRedis({ args: ["--enable-debug-command", "yes"] });
    redis = server.client();
    target = await connect();
    tail = await StreamTail.attach(server.port);
    await redis.debug("SET-ACTIVE-EXPIRE", "0");
  });
  afterAll(async () => {
    tail.close();
    await target.close();
    await server.stop();
  });
  beforeEach(async () => {
    await redis.flushall();
    epoch = (await target.fence()).epoch;
    seq = 0;
    await stream();
  });
}

/** Goes on with a lease that another target took. */
export function continueUnder(lease: number): void {
  epoch = lease;
  seq = 0;
}

/** What the stream carried since the last call. */
export async function stream(): Promise<StreamCommand[]> {
  const found = await streamAndSelects();
  return found.filter((command) => command[0] !== "SELECT");
}

/** The next batch of the chain. */
export function batch(build: (b: ApplyBatch) => void): ApplyBatch {
  seq += 1;
  const b = new ApplyBatch(epoch, seq - 1, seq, encodeMarkHeader({ epoch, seq, vector, deferred: [], settled: [] }));
  build(b);
  return b;
}

/** What a batch did. */
export interface Applied {
  /** As "kind key field". */
  readonly skipped: string[];
  readonly mark: Mark;
  readonly effects: StreamCommand[];
  /** What the stream carried behind the batch already: the server may drop keys at any time. */
  readonly behind: StreamCommand[];
}

/** Applies, after checking that stream and key carry the same mark. */
export async function apply(build: (b: ApplyBatch) => void): Promise<Applied> {
  await stream();
  const reply = await target.apply(batch(build));
  expect(reply).toMatchObject({ status: "OK", epoch, seq });
  const held = decodeMark((await redis.getBuffer(MARK_KEY))!);
  const seen = await stream();
  const begun = seen.findIndex(([name, key]) => name === "SET" && key === MARK_KEY);
  const end = seen.findIndex(([name], index) => index > begun && name === "EXEC") + 1 || seen.length;
  const commands = seen.slice(0, end).filter(([name]) => name !== "MULTI" && name !== "EXEC");
  const at = commands.findLastIndex(([name, key]) => name === "SET" && key === MARK_KEY);
  const mark = decodeMark(Buffer.from(commands[at]![2]!, "latin1"));
  expect(mark.skipped).toEqual(held.skipped);
  expect(mark.vector.toString()).toBe(vector.toString());
  expect(reply.skipped).toBe(mark.skipped.length);
  const skipped = mark.skipped.map((c) => `${c.kind} ${c.key}${c.field && ` ${c.field}`}`);
  return { skipped, mark, effects: commands.filter((_, i) => i !== at), behind: seen.slice(end) };
}

/** The digest as scripts compare it. */
export const sha16 = (bytes: string | Buffer): string => createHash("sha1").update(bytes).digest("hex").slice(0, 16);

/** As {@link stream}, with SELECT, up to a probe in database 0. */
export async function streamAndSelects(): Promise<StreamCommand[]> {
  const token = String(++probes);
  await redis.set("meridian:probe", token);
  return tail.until(token);
}
