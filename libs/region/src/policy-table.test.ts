import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parsePolicy, PolicyTable, policyText, type Policy, type PolicyRow } from "./policy-table.js";

function table(rows: Readonly<Record<string, string>>): PolicyTable {
  return new PolicyTable(Object.entries(rows).map(([prefix, text]) => ({ prefix, policy: parsePolicy(text) as Policy })));
}

describe("a table of policies", () => {
  it("lets the longest prefix win, and everything else be crdt", () => {
    const policies = table({ "": "home=eu", "a:": "local", "a:b:": "crdt", "a:b:c": "home=us" });
    expect(["x", "a:1", "a:b:1", "a:b:c1"].map((key) => policyText(policies.of(key)))).toEqual(["home=eu", "local", "crdt", "home=us"]);
    expect(policyText(table({}).of("x"))).toBe("crdt");
  });

  it("refuses what it does not know or does not do, with the reason", () => {
    expect(parsePolicy("regions=eu,us")).toContain("not built");
    expect(parsePolicy("home=")).toContain("no region's name");
    expect(parsePolicy("LOCAL")).toBe("there is no such policy");
  });

  it("has a digest that depends on which keys are local and which are registers, and on nothing else", () => {
    expect(table({}).digest).toBe(0);
    expect(table({ a: "home=eu", b: "crdt" }).digest).toBe(0);
    expect(table({ a: "local", ab: "local" }).digest).toBe(table({ a: "local" }).digest);
    expect(table({ a: "local", ab: "home=eu" }).digest).toBe(table({ ab: "crdt", a: "local" }).digest);
    expect(table({ a: "local" }).digest).not.toBe(table({ b: "local" }).digest);
    expect(table({ a: "lww" }).digest).not.toBe(table({ a: "local" }).digest);
    expect(table({ a: "lww", ab: "lww" }).digest).toBe(table({ a: "lww" }).digest);
  });

  it("tells tables apart exactly where a key is local, or a register, in one of them only", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 3 });
    const row = fc.record({ prefix: text, policy: fc.constantFrom("crdt", "local", "lww", "home=eu").map((name) => parsePolicy(name) as Policy) });
    const rows = fc.uniqueArray(row, { selector: ({ prefix }: PolicyRow) => prefix, maxLength: 6 });
    const keys = ["", "a", "b", "aa", "ab", "ba", "bb"].flatMap((one) => ["", "a", "b"].flatMap((two) => [`${one}${two}`, `${one}${two}c`]));
    fc.assert(
      fc.property(rows, rows, (one, other) => {
        const [a, b] = [new PolicyTable(one), new PolicyTable(other)];
        const isEqual = keys.every((key) => a.isLocal(key) === b.isLocal(key) && a.isRegister(key) === b.isRegister(key));
        expect(a.digest === b.digest).toBe(isEqual);
      }),
    );
  });
});
