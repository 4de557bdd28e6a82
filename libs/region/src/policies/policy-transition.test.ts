import { describe, expect, it } from "vitest";
import { type PolicyTable } from "./policy-table.js";
import { linesOf, refusalOf, tableOf, transitionsOf } from "./policy-transition.js";

function table(...rows: readonly string[]): PolicyTable {
  const read = tableOf(rows.map((row) => ({ prefix: row.slice(0, row.lastIndexOf(":") + 1), policy: row.slice(row.lastIndexOf(":") + 1) })));
  if (typeof read === "string") throw new Error(read);
  return read;
}

const told = (from: PolicyTable, to: PolicyTable): string[] => transitionsOf(from, to).map(({ prefix, kind }) => `${prefix} ${kind}`);

describe("transitions", () => {
  it("are told by prefix, also for keys below a prefix that stays", () => {
    expect(told(table(), table("a:local"))).toEqual(["a: leave"]);
    expect(told(table("a:local"), table())).toEqual(["a: join"]);
    expect(told(table("a:local"), table("a:lww"))).toEqual(["a: join"]);
    expect(told(table("a:lww"), table("a:local"))).toEqual(["a: leave"]);
    expect(told(table("a:home=eu"), table("a:home=us"))).toEqual(["a: flag"]);
    expect(told(table("a:home=eu"), table())).toEqual(["a: flag"]);
    expect(told(table("a:local", "a:b:crdt"), table("a:local"))).toEqual(["a:b: leave"]);
    expect(told(table("a:local"), table("a:local"))).toEqual([]);
    expect(told(table("a:local"), table("a:local", "a:b:local"))).toEqual([]);
  });

  it("between merged keys and registers, and of what some regions do not get, are refused by name", () => {
    const regions = ["eu", "us"];
    expect(refusalOf(table(), table("a:lww"), regions)).toBe(`"a:": from crdt to lww cannot be changed at run time in one step; change it to local, and when that is done to lww`);
    expect(refusalOf(table("a:lww"), table("a:home=eu"), regions)).toContain("change it to local");
    expect(refusalOf(table("a:regions=eu,us"), table(), regions)).toContain("cannot be changed at run time");
    expect(refusalOf(table("a:regions=eu,us"), table("a:regions=eu,us", "b:local"), regions)).toBe("");
    expect(refusalOf(table(), table("a:regions=eu,us"), regions)).toContain("cannot be changed at run time");
    expect(refusalOf(table(), table("a:home=sa"), regions)).toContain("sa is no region of this mesh");
  });

  it("a table comes back from its lines, and lines that say nothing are refused", () => {
    const rows = table("a:local", "b:home=eu");
    expect(linesOf(tableOf(linesOf(rows)) as PolicyTable)).toEqual(linesOf(rows));
    expect(tableOf([{ prefix: "a", policy: "global" }])).toContain("there is no such policy");
    expect(tableOf([{ prefix: "a", policy: "local" }, { prefix: "a", policy: "lww" }])).toContain("twice");
  });
});
