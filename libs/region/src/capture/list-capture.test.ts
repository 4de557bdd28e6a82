import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { elementPrint, mergeElements, printOf, Sequence, type ListChange } from "@meridian/merge";
import { MemoryStore } from "@meridian/store";
import { MutationKind, VersionVector, type Mutation, type WriterId } from "@meridian/words";
import { readSpans, readValues, type LogEntry } from "@meridian/wire";
import { EU, RegionBed } from "../region-bed.js";
import { StoredKeys } from "../keys/stored-cells.js";

const K = MutationKind;
const LONG = "a value of more than thirty-two bytes";

/** What a server does with a list; a command without effect gives false and stands in no stream. */
function execute(list: string[], [name = "", , ...args]: readonly string[]): boolean {
  const index = (text = "0"): number => (Number(text) < 0 ? list.length + Number(text) : Number(text));
  switch (name) {
    case "RPUSH":
      return list.push(...args) > 0;
    case "LPUSH":
      return args.map((value) => list.unshift(value)).length > 0;
    case "LPOP":
      return list.splice(0, Number(args[0])).length > 0;
    case "RPOP":
      return list.splice(Math.max(0, list.length - Number(args[0]))).length > 0;
    case "LSET": {
      const at = index(args[0]);
      if (at < 0 || at >= list.length) return false;
      list[at] = args[1] ?? "";
      return true;
    }
    case "LINSERT": {
      const at = list.indexOf(args[1] ?? "");
      if (at >= 0) list.splice(args[0] === "BEFORE" ? at : at + 1, 0, args[2] ?? "");
      return at >= 0;
    }
    case "LREM":
      return remove(list, Number(args[0]), args[1] ?? "");
    case "LTRIM": {
      const kept = list.slice(Math.max(0, index(args[0])), Math.max(0, index(args[1]) + 1));
      return list.splice(0, list.length, ...kept).length > kept.length;
    }
    default: {
      const value = args[1] === "LEFT" ? list.shift() : list.pop();
      if (value === undefined) return false;
      if (args[2] === "LEFT") list.unshift(value);
      else list.push(value);
      return true;
    }
  }
}

function remove(list: string[], count: number, value: string): boolean {
  const indices = [...list.keys()].filter((at) => list[at] === value);
  const gone = count === 0 ? indices : count > 0 ? indices.slice(0, count) : indices.slice(count);
  for (const at of gone.reverse()) list.splice(at, 1);
  return gone.length > 0;
}

/** What a peer makes of the published mutations. */
function received(entries: readonly LogEntry[]): string[] {
  const sequence = new Sequence();
  for (const { frames } of entries) for (const frame of frames) frame.forEach((m) => mergeElements(sequence, changeOf(m, EU)));
  return [...sequence.from(0)].map(elementPrint);
}

function changeOf(m: Mutation, writer: WriterId): ListChange {
  const slice = { bytes: m.bytes, start: m.valueStart, end: m.valueEnd };
  const values = m.kind === K.PutElements ? readValues(slice).map((value) => ({ print: printOf(value), value: undefined })) : [];
  const spans = m.kind === K.RemoveElements ? readSpans(slice) : [];
  const elements = m.kind === K.RemoveKey ? undefined : { spans, first: m.field, values };
  const blank = { action: "put", print: "", number: 0, value: undefined, sum: 0n, ahead: undefined, unseen: [], absorbed: [] } as const;
  return { ...blank, writer, hlc: m.hlc, birth: m.hlc, context: new VersionVector(), elements };
}

const value = fc.constantFrom("a", "b", "c", "", LONG);
const short = fc.constantFrom("a", "b", "c");
const number = fc.integer({ min: -4, max: 4 }).map(String);
const count = fc.integer({ min: 1, max: 3 }).map(String);
const words = (...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string[]> =>
  fc.tuple(...parts.map((part) => (typeof part === "string" ? fc.constant(part) : part)));
const command = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom("RPUSH", "LPUSH"), fc.constant("l"), value, value).map((found): string[] => found) },
  { weight: 2, arbitrary: fc.array(value, { minLength: 90, maxLength: 150 }).map((values) => ["RPUSH", "l", ...values]) },
  words(fc.constantFrom("LPOP", "RPOP"), "l", count),
  words("LSET", "l", number, value),
  words("LINSERT", "l", fc.constantFrom("BEFORE", "AFTER"), value, value),
  words("LREM", "l", number, value),
  words("LTRIM", "l", number, number),
  words("LMOVE", "l", "l", fc.constantFrom("LEFT", "RIGHT"), fc.constantFrom("LEFT", "RIGHT")),
);

describe("a list", () => {
  test("arrives at peers as the server holds it, whatever commands and restarts made it", () => {
    const step = fc.record({ command, flush: fc.boolean(), restart: fc.constantFrom(false, false, false, true) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const store = new MemoryStore();
        let bed = RegionBed.ready(store);
        const entries: LogEntry[] = [];
        const list: string[] = [];
        for (const { command: words_, flush, restart } of steps) {
          const moved = words_[0] === "LMOVE" ? list.at(words_[3] === "LEFT" ? 0 : -1) : undefined;
          if (moved !== LONG && execute(list, words_)) bed.feed(words_);
          if (flush || restart) bed.flush();
          if (!restart) continue;
          for (const { seq } of bed.published) bed.region.onPublished(seq);
          bed.flush();
          entries.push(...bed.entries());
          bed = new RegionBed(store);
        }
        bed.flush();
        entries.push(...bed.entries());
        const prints = list.map((text) => printOf(Buffer.from(text, "latin1")));
        expect(received(entries)).toEqual(prints);
        const stored = new StoredKeys(store).cells.filter(({ kind, field }) => kind === "l" && field !== "");
        expect(stored.sort((a, b) => (a.field < b.field ? -1 : 1)).map(({ base }) => base.siblings[0]?.print)).toEqual(prints);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test("turned within itself keeps its place among the commands, and its deadline", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["RPUSH", "l", "a"], ["PEXPIREAT", "l", String(bed.nowMs + 10_000)], ["RPOPLPUSH", "l", "l"], ["LMOVE", "l", "l", "LEFT", "LEFT"]);
    bed.flush();
    const kinds = bed.mutations().map(({ kind, creates }) => [kind, creates]);
    expect(kinds).toEqual([[K.PutElements, true], [K.PutExpiry, false], [K.PutElements, false], [K.RemoveElements, false]]);
  });

  test("that was emptied is a new one when it is pushed to again", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["RPUSH", "l", "a"], ["LPOP", "l"], ["RPUSH", "l", "b"]);
    bed.flush();
    expect(bed.mutations().map(({ kind, creates }) => [kind, creates])).toEqual([
      [K.PutElements, true], [K.RemoveElements, false], [K.PutElements, true],
    ]);
  });

  test("of which a command says that it holds more than is known is read", () => {
    const texts = ["LSET l 3 x", "LPOP l", "LINSERT l AFTER p x", "LREM l 1 p", "LTRIM l 1 2", "LMOVE l m LEFT LEFT"];
    for (const one of texts.map((text) => text.split(" "))) {
      const bed = RegionBed.ready(new MemoryStore());
      bed.feed(one);
      bed.flush();
      expect(bed.reads[0]?.keys.map(({ key }) => key)).toContain("l");
      expect(bed.mutations()).toEqual([]);
    }
  });

  test("to which a long value is moved is read: the value does not stand in the stream", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["RPUSH", "l", LONG, "b"], ["RPOPLPUSH", "l", "m"], ["RPOPLPUSH", "l", "m"]);
    bed.flush();
    expect(bed.reads[0]?.keys.map(({ key }) => key)).toEqual(["m"]);
    expect(bed.mutations().map(({ kind, key }) => [kind, key])).toEqual([
      [K.PutElements, "l"], [K.RemoveElements, "l"], [K.PutElements, "m"], [K.RemoveElements, "l"],
    ]);
  });

  test("one value is found by what it is, not by where it was", () => {
    fc.assert(
      fc.property(fc.array(short, { minLength: 1, maxLength: 8 }), short, fc.integer({ min: -2, max: 2 }), (values, gone, times) => {
        const bed = RegionBed.ready(new MemoryStore());
        const list = [...values];
        bed.feed(["RPUSH", "l", ...values]);
        if (execute(list, ["LREM", "l", String(times), gone])) bed.feed(["LREM", "l", String(times), gone]);
        bed.flush();
        expect(received(bed.entries())).toEqual(list.map((text) => `=${text}`));
      }),
      { numRuns: 100 },
    );
  });
});
