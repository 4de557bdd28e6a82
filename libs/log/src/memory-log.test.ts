import { MeridianError, type WriterId } from "@meridian/words";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { freshWriter, logAcceptance, numbered, take, texts } from "./acceptance.js";
import { memoryLog, MemoryShelf } from "./memory-log.js";
import type { LogPosition } from "./port.js";

logAcceptance("memory", () => {
  const shelf = new MemoryShelf();
  return Promise.resolve({ handle: () => memoryLog({ shelf, random: Math.random }), stop: () => Promise.resolve() });
});

const lost = (): never => {
  throw new MeridianError("LOG_UNAVAILABLE", "the answer was lost", { advice: "none", retryable: true });
};

/** Bytes of each distinct record in the order in which they first came. */
const firsts = (all: readonly string[]): readonly string[] => [...new Set(all)];

async function readAll(shelf: MemoryShelf, writer: WriterId, upTo: string, after?: LogPosition): Promise<readonly string[]> {
  const seen: string[] = [];
  for await (const batch of memoryLog({ shelf }).read(writer, after, new AbortController().signal)) {
    seen.push(...texts(batch));
    if (seen.includes(upTo)) break;
  }
  return seen;
}

describe("a log whose acknowledgements get lost", () => {
  it("sends again until stored, keeps the order of first occurrences, loses nothing", async () => {
    const writer = freshWriter();
    const shelf = new MemoryShelf();
    const failures: (() => void)[] = [lost, (): void => undefined, lost];
    shelf.afterStore = (): void => failures.shift()?.();
    const log = memoryLog({ shelf, limits: { batchEntriesMax: 4, entryBytesMax: 3 } });
    const positions = await Promise.all(numbered(20, "record").map((record) => log.append(writer, record)));
    const seen = await readAll(shelf, writer, "record19");
    expect(firsts(seen)).toEqual(numbered(20, "record").map(String));
    expect(await log.end(writer)).toBe(positions.at(-1));
  });

  it("is down while it fails, with the reason, and up again afterwards", async () => {
    const writer = freshWriter();
    const shelf = new MemoryShelf();
    const states: string[] = [];
    let failures = 2;
    shelf.beforeStore = (): void => {
      if (failures > 0) {
        failures -= 1;
        lost();
      }
    };
    const log = memoryLog({ shelf, hooks: { onRetry: (_writer, error) => void states.push(error.message) } });
    const appended = log.append(writer, Buffer.from("a"));
    await expect.poll(() => log.health().state).toBe("down");
    await appended;
    expect(log.health()).toMatchObject({ state: "up", lastError: "the answer was lost" });
    expect(states).toEqual(["the answer was lost", "the answer was lost"]);
  });

  it("stops a writer for good at an error that trying again cannot mend", async () => {
    const writer = freshWriter();
    const shelf = new MemoryShelf();
    shelf.beforeStore = (): never => {
      throw new MeridianError("TOPIC_MISMATCH", "not a log", { advice: "none" });
    };
    const log = memoryLog({ shelf });
    const outcomes = await Promise.allSettled(numbered(3).map((record) => log.append(writer, record)));
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    shelf.beforeStore = undefined;
    await expect(log.append(writer, Buffer.from("late"))).rejects.toMatchObject({ code: "TOPIC_MISMATCH", retryable: false });
    expect(shelf.entriesOf(writer)).toEqual([]);
  });

  it("rejects what waits when it is closed, and stores none of it later", async () => {
    const writer = freshWriter();
    const shelf = new MemoryShelf();
    shelf.beforeStore = lost;
    const log = memoryLog({ shelf });
    const outcome = Promise.allSettled(numbered(2).map((record) => log.append(writer, record)));
    await expect.poll(() => log.health().state).toBe("down");
    await log.close();
    for (const { status } of await outcome) expect(status).toBe("rejected");
    shelf.beforeStore = undefined;
    expect(shelf.entriesOf(writer)).toEqual([]);
  });
});

describe("a reader whose records are gone", () => {
  it("is told so, by writer and position, and never skips", async () => {
    const writer = freshWriter();
    const shelf = new MemoryShelf();
    const log = memoryLog({ shelf });
    const positions = await Promise.all(numbered(10).map((record) => log.append(writer, record)));
    shelf.trim(writer, 4);
    await expect(take(log, writer, 1, positions[4])).rejects.toMatchObject({
      code: "RECORD_GAP",
      message: expect.stringContaining(writer) as string,
    });
    expect(texts(await take(log, writer, 4, positions[5]))).toEqual(["r6", "r7", "r8", "r9"]);
    expect(texts(await take(log, writer, 4))).toEqual(["r6", "r7", "r8", "r9"]);
  });

  it("is told so where the log was emptied and begun anew, but not where it had read everything", async () => {
    const writer = freshWriter();
    const shelf = new MemoryShelf();
    const before = memoryLog({ shelf, random: () => 0.1 });
    const positions = await Promise.all(numbered(3).map((record) => before.append(writer, record)));
    shelf.trim(writer, 0);
    await memoryLog({ shelf, random: () => 0.2 }).append(writer, Buffer.from("new"));
    await expect(take(before, writer, 1, positions[1])).rejects.toMatchObject({ code: "RECORD_GAP" });
    expect(texts(await take(before, writer, 1, positions[2]))).toEqual(["new"]);
    expect(texts(await take(before, writer, 1))).toEqual(["new"]);
  });
});

describe("whatever is lost, sent twice or cut short", () => {
  it("every reader that starts at any position sees every record once or more, first occurrences in order", async () => {
    const cases = fc.record({
      sizes: fc.array(fc.integer({ min: 1, max: 14 }), { minLength: 1, maxLength: 12 }),
      failures: fc.array(fc.boolean(), { maxLength: 12 }),
      lateCopies: fc.array(fc.record({ at: fc.nat(60), from: fc.nat(60), count: fc.integer({ min: 1, max: 4 }) }), { maxLength: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ sizes, failures, lateCopies }) => {
        const writer = freshWriter();
        const shelf = new MemoryShelf();
        // a batch that was sent and seemed lost arrives once more, later: between any two other batches
        let stored = 0;
        shelf.afterStore = (_writer, entries): void => {
          stored += entries.length;
          for (const copy of lateCopies.filter(({ at }) => at < stored && at >= stored - entries.length)) {
            shelf.add(writer, shelf.entriesOf(writer).slice(copy.from % stored).slice(0, copy.count));
          }
          if (failures.shift() === true) lost();
        };
        const log = memoryLog({ shelf, limits: { entryBytesMax: 4, batchEntriesMax: 3 }, wait: () => Promise.resolve() });
        const records = sizes.map((size, index) => Buffer.from(`${index}`.padStart(3, "0").padEnd(size, "x")));
        await Promise.all(records.map((record) => log.append(writer, record)));
        const wanted = records.map(String);
        const upTo = wanted.at(-1) as string;
        expect(firsts(await readAll(shelf, writer, upTo))).toEqual(wanted);
        await checkResume(shelf, writer, wanted);
      }),
      { numRuns: 300 },
    );
  });
});

/** A reader that goes on from any position misses nothing and keeps the order; it may see more copies. */
async function checkResume(shelf: MemoryShelf, writer: WriterId, wanted: readonly string[]): Promise<void> {
  const read = async (before: readonly string[], after?: LogPosition): Promise<{ text: string; position: LogPosition }[]> => {
    const seen: { text: string; position: LogPosition }[] = [];
    for await (const batch of memoryLog({ shelf }).read(writer, after, new AbortController().signal)) {
      for (const { bytes, position } of batch) seen.push({ text: bytes.toString(), position });
      if (new Set([...before, ...seen.map(({ text }) => text)]).size === wanted.length) break;
    }
    return seen;
  };
  const whole = await read([]);
  for (const [index, { position }] of whole.slice(0, -1).entries()) {
    const before = whole.slice(0, index + 1).map(({ text }) => text);
    if (firsts(before).length === wanted.length) break;
    const rest = await read(before, position);
    expect(firsts([...before, ...rest.map(({ text }) => text)])).toEqual(wanted);
  }
}
