/**
 * What every adapter must do, as a test suite: an adapter's own test is a set-up and one call of {@link logAcceptance}.
 *
 * Every test uses a writer of its own, so one running server serves the whole suite.
 */
import { randomFillSync } from "node:crypto";
import { MeridianError, writerId, type WriterId } from "@meridian/words";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { comparePositions } from "./position.js";
import type { LogPosition, LogRecord, MutationLog } from "./port.js";

/** What the suite needs of an adapter's set-up. */
export interface AcceptanceWorld {
  /** Another handle on the same stored log, as another process would make. */
  handle(): MutationLog;
  /** Ends the set-up; all handles are closed before. */
  stop(): Promise<void>;
}

const LARGE_BYTES = 20 * 1024 * 1024;
const NEVER = new AbortController().signal;
let regions = 0;

/** A writer that no other test of this process uses. */
export function freshWriter(server = "0"): WriterId {
  regions += 1;
  return writerId(`t${regions}-${process.pid}`, server);
}

/** Reads until `count` records are there, then leaves the reader. */
export async function take(
  log: MutationLog,
  writer: WriterId,
  count: number,
  after?: LogPosition,
): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = [];
  for await (const batch of log.read(writer, after, NEVER)) {
    records.push(...batch);
    if (records.length >= count) break;
  }
  return records;
}

/** The records' bytes as text. */
export function texts(records: readonly LogRecord[]): readonly string[] {
  return records.map(({ bytes }) => bytes.toString("latin1"));
}

/** `count` small records `prefix0`, `prefix1`, ... */
export function numbered(count: number, prefix = "r"): readonly Buffer[] {
  return Array.from({ length: count }, (_, index) => Buffer.from(`${prefix}${index}`));
}

/** `count` records of `bytes` bytes that begin like those of {@link numbered}. */
export function padded(count: number, bytes: number): readonly Buffer[] {
  return numbered(count, "p").map((head) => Buffer.concat([head, Buffer.alloc(bytes - head.length)]));
}

/** The beginnings of records, up to their padding. */
export function heads(records: readonly Pick<LogRecord, "bytes">[]): readonly string[] {
  return records.map(({ bytes }) => bytes.toString("latin1", 0, Math.min(bytes.length, 16)).replace(/\0.*$/, ""));
}

/** Declares the suite for one adapter. */
export function logAcceptance(name: string, makeWorld: () => Promise<AcceptanceWorld>): void {
  describe(`${name} as a log`, () => {
    let world: AcceptanceWorld;
    const handles: MutationLog[] = [];
    const handle = (): MutationLog => {
      const log = world.handle();
      handles.push(log);
      return log;
    };
    const opened = async (...writers: WriterId[]): Promise<MutationLog> => {
      const log = handle();
      await log.open(writers);
      return log;
    };
    beforeAll(async () => {
      world = await makeWorld();
    });
    afterEach(async () => {
      await Promise.all(handles.splice(0).map((log) => log.close()));
    });
    afterAll(async () => {
      await world.stop();
    });
    const context: SuiteContext = { handle, opened };
    describe("appending and reading", () => declareReading(context));
    describe("positions", () => declarePositions(context));
    describe("waiting and ending", () => declareEnding(context));
  });
}

interface SuiteContext {
  readonly handle: () => MutationLog;
  readonly opened: (...writers: WriterId[]) => Promise<MutationLog>;
}

function declareReading({ opened, handle }: SuiteContext): void {
  it("reads a writer's records in the order of the calls", async () => {
    const writer = freshWriter();
    const log = await opened(writer);
    const records = numbered(500);
    const positions = await Promise.all(records.map((record) => log.append(writer, record)));
    const read = await take(log, writer, 500);
    expect(texts(read)).toEqual(records.map(String));
    expect(read.map(({ position }) => position)).toEqual(positions);
    for (const [index, position] of positions.slice(1).entries()) {
      expect(comparePositions(positions[index] as LogPosition, position)).toBeLessThan(0);
    }
  });

  it("keeps any bytes, also none", async () => {
    const writer = freshWriter();
    const log = await opened(writer);
    const binary = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    await Promise.all([log.append(writer, binary), log.append(writer, Buffer.alloc(0)), log.append(writer, Buffer.from("\r\n"))]);
    const [first, second, third] = await take(log, writer, 3);
    expect(first?.bytes.equals(binary)).toBe(true);
    expect(second?.bytes.length).toBe(0);
    expect(third?.bytes.toString()).toBe("\r\n");
  });

  it("keeps a record far above the inline limit, between small ones", async () => {
    const writer = freshWriter();
    const log = await opened(writer);
    const large = randomFillSync(Buffer.alloc(LARGE_BYTES));
    const appended = [log.append(writer, Buffer.from("before")), log.append(writer, large), log.append(writer, Buffer.from("after"))];
    const positions = await Promise.all(appended);
    const read = await take(log, writer, 3);
    expect(read.map(({ bytes }) => bytes.length)).toEqual([6, LARGE_BYTES, 5]);
    expect(read[1]?.bytes.equals(large)).toBe(true);
    expect(read.map(({ position }) => position)).toEqual(positions);
    expect(texts(await take(log, writer, 1, positions[1]))).toEqual(["after"]);
  });

  it("keeps writers apart", async () => {
    const region = freshWriter().slice(0, -2);
    const writers = [0, 1, 2].map((server) => writerId(region, String(server)));
    const others = [freshWriter(), freshWriter()];
    const log = await opened(...writers, ...others);
    const all = [...writers, ...others];
    await Promise.all(all.flatMap((writer) => numbered(50, `${writer}:`).map((record) => log.append(writer, record))));
    const read = await Promise.all(all.map((writer) => take(log, writer, 50)));
    expect(read.map(texts)).toEqual(all.map((writer) => numbered(50, `${writer}:`).map(String)));
  });

  it("serves several readers of one writer, each from its own place", async () => {
    const writer = freshWriter();
    const log = await opened(writer);
    const positions = await Promise.all(numbered(20).map((record) => log.append(writer, record)));
    const other = handle();
    const reads = await Promise.all([take(log, writer, 20), take(other, writer, 10, positions[9]), take(other, writer, 1, positions[18])]);
    expect(reads.map((read) => read.length)).toEqual([20, 10, 1]);
  });
}

function declarePositions({ opened, handle }: SuiteContext): void {
  it("resumes exactly, from every position, on another handle", async () => {
    const writer = freshWriter();
    const log = await opened(writer);
    for (const record of numbered(6)) await log.append(writer, record);
    const read = await take(log, writer, 6);
    await log.close();
    const later = handle();
    for (const [index, { position }] of read.slice(0, -1).entries()) {
      const rest = await take(later, writer, 5 - index, position);
      expect(texts(rest)).toEqual(numbered(6).slice(index + 1).map(String));
    }
  });

  it("goes on in order after being reopened, by the same writer", async () => {
    const writer = freshWriter();
    const first = await opened(writer);
    const position = await first.append(writer, Buffer.from("a"));
    await first.close();
    const second = await opened(writer);
    await second.append(writer, Buffer.from("b"));
    const third = await opened(writer);
    await third.append(writer, Buffer.from("c"));
    expect(texts(await take(third, writer, 2, position))).toEqual(["b", "c"]);
    expect(texts(await take(third, writer, 3))).toEqual(["a", "b", "c"]);
  });

  it("takes a record that was sent twice as two records with the same bytes", async () => {
    const writer = freshWriter();
    const log = await opened(writer);
    for (const text of ["a", "b", "a", "b", "c"]) await log.append(writer, Buffer.from(text));
    expect(texts(await take(log, writer, 5))).toEqual(["a", "b", "a", "b", "c"]);
  });

  it("tells the end, which is undefined for an empty log", async () => {
    const writer = freshWriter();
    const log = await opened(writer);
    expect(await log.end(writer)).toBeUndefined();
    await log.append(writer, Buffer.from("a"));
    const position = await log.append(writer, Buffer.from("b"));
    expect(await log.end(writer)).toBe(position);
    expect(await handle().end(writer)).toBe(position);
  });

  it("refuses a position that is none", async () => {
    const writer = freshWriter();
    const log = await opened(writer);
    await expect(take(log, writer, 1, "somewhere" as LogPosition)).rejects.toThrow(MeridianError);
  });

  it("opens again without harm", async () => {
    const writer = freshWriter();
    const log = await opened(writer);
    await log.append(writer, Buffer.from("kept"));
    await log.open([writer]);
    await (await opened(writer)).open([writer]);
    expect(texts(await take(log, writer, 1))).toEqual(["kept"]);
  });
}

function declareEnding({ opened }: SuiteContext): void {
  it("waits for what is appended later, on an empty log and at the end", async () => {
    const writer = freshWriter();
    const log = await opened(writer);
    const fromNothing = take(log, writer, 1);
    await log.append(writer, Buffer.from("first"));
    const [first] = await fromNothing;
    expect(first?.bytes.toString()).toBe("first");
    const fromEnd = take(log, writer, 1, first?.position);
    await log.append(writer, Buffer.from("second"));
    expect(texts(await fromEnd)).toEqual(["second"]);
  });

  it("ends a waiting reader when its signal aborts, without an error", async () => {
    const writer = freshWriter();
    const log = await opened(writer);
    await log.append(writer, Buffer.from("only"));
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const batch of log.read(writer, undefined, stop.signal)) {
      seen.push(...texts(batch));
      queueMicrotask(() => stop.abort());
    }
    expect(seen).toEqual(["only"]);
    const aborted = log.read(writer, undefined, AbortSignal.abort());
    expect(await aborted[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
  });

  it("ends waiting readers and refuses everything after close", async () => {
    const writer = freshWriter();
    const log = await opened(writer);
    const waiting = log.read(writer, undefined, NEVER)[Symbol.asyncIterator]().next();
    await log.append(writer, Buffer.from("a"));
    const first = await waiting;
    const ended = log.read(writer, (first.value as readonly LogRecord[])[0]?.position, NEVER)[Symbol.asyncIterator]().next();
    const startedMs = performance.now();
    await log.close();
    expect(await ended).toEqual({ done: true, value: undefined });
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    await expect(log.append(writer, Buffer.from("b"))).rejects.toMatchObject({ code: "LOG_UNAVAILABLE", retryable: true });
    await expect(take(log, writer, 1)).rejects.toMatchObject({ code: "LOG_UNAVAILABLE" });
    await log.close();
  });

  it("is up while it works", async () => {
    const writer = freshWriter();
    const log = await opened(writer);
    await log.append(writer, Buffer.from("a"));
    expect(log.health()).toMatchObject({ state: "up" });
  });
}
