import { describe, expect, it } from "vitest";
import { commandIn } from "./command-lookup.js";
import { viewOf } from "./view-of.js";
import { writtenElsewhere, writtenKeys } from "./written-keys.js";

function keysOf(...args: string[]): string[] {
  const view = viewOf(...args);
  const row = commandIn(view);
  if (row === undefined) throw new Error(`no row for ${args.join(" ")}`);
  return writtenKeys(row, view).map((index) => args[index] ?? "");
}

function elsewhereOf(...args: string[]): { key: number; database: number } | undefined {
  const view = viewOf(...args);
  const row = commandIn(view);
  if (row === undefined) throw new Error(`no row for ${args.join(" ")}`);
  return writtenElsewhere(row, view);
}

describe("writtenKeys", () => {
  const cases: [string, string[]][] = [
    ["APPEND k v", ["k"]],
    ["DEL a b c", ["a", "b", "c"]],
    ["MSET a 1 b 2", ["a", "b"]],
    ["RENAME a b", ["a", "b"]],
    ["SMOVE a b m", ["a", "b"]],
    ["LMOVE a b LEFT RIGHT", ["a", "b"]],
    ["BITOP AND d a b", ["d"]],
    ["SUNIONSTORE d a b", ["d"]],
    ["ZUNIONSTORE d 2 a b", ["d"]],
    ["ZRANGESTORE d a 0 -1", ["d"]],
    ["PFMERGE d a b", ["d"]],
    ["XGROUP CREATE s g $ MKSTREAM", ["s"]],
    ["SORT l ALPHA STORE d", ["d"]],
    ["SORT l ALPHA store d STORE e", ["e"]],
    ["SORT l BY store GET store STORE d", ["d"]],
    ["SORT l GET STORE", []],
    ["SORT store LIMIT 0 1", []],
    ["GEORADIUS g 1 2 3 km STORE d", ["d"]],
    ["GEORADIUS g 1 2 3 km COUNT 1 STOREDIST d", ["d"]],
    ["GEORADIUS g 1 2 3 km", []],
    ["GEORADIUSBYMEMBER g m 3 km STORE d", ["d"]],
    ["GEORADIUSBYMEMBER g store 3 km", []],
    ["MSETEX 2 a 1 b 2 EX 10", ["a", "b"]],
    ["MSETEX x a 1", []],
    ["COPY a b", ["b"]],
    ["COPY a b REPLACE", ["b"]],
    ["COPY a b DB 3", []],
    ["MOVE a 3", ["a"]],
    ["FLUSHALL", []],
    ["COPY a", []],
  ];
  it.each(cases)("%s writes %j", (command, keys) => expect(keysOf(...command.split(" "))).toEqual(keys));

  it("names the other database of MOVE and COPY", () => {
    expect(elsewhereOf("MOVE", "a", "3")).toEqual({ key: 1, database: 3 });
    expect(elsewhereOf("COPY", "a", "b", "REPLACE", "db", "7")).toEqual({ key: 2, database: 7 });
    expect(elsewhereOf("COPY", "a", "b", "DB", "x")).toBeUndefined();
    expect(elsewhereOf("COPY", "a", "b")).toBeUndefined();
    expect(elsewhereOf("RENAME", "a", "b")).toBeUndefined();
  });
});
