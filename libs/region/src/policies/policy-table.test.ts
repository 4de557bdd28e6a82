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
    expect(parsePolicy("regions=eu")).toContain("policy local");
    expect(parsePolicy("regions=eu,us,eu")).toBe("eu stands there twice");
    expect(parsePolicy("regions=eu,,us")).toContain('"" is no region\'s name');
    expect(parsePolicy("regions=eu,U S")).toContain('"U S" is no region\'s name');
    expect(parsePolicy("regions")).toBe("there is no such policy");
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
    expect(table({ a: "regions=eu,us" }).digest).toBe(table({ a: "regions=us,eu", ab: "regions=eu,us" }).digest);
    expect(table({ a: "regions=eu,us" }).digest).not.toBe(table({ a: "regions=ap,eu" }).digest);
    expect(table({ a: "regions=eu,us" }).digest).not.toBe(table({ a: "crdt" }).digest);
  });

  it("names groups by their regions, in whatever order these are written, and refuses what is too long", () => {
    const policies = table({ a: "regions=us,eu", b: "regions=eu,us", c: "regions=eu,ap", d: "home=eu" });
    expect([...policies.groups]).toEqual([["ap+eu", ["ap", "eu"]], ["eu+us", ["eu", "us"]]]);
    expect(["a1", "b1", "c1", "d1", "x"].map((key) => policies.groupOf(key))).toEqual(["eu+us", "eu+us", "ap+eu", "", ""]);
    expect(policyText(policies.of("a"))).toBe("regions=eu,us");
    const many = Array.from({ length: 9 }, (_, at) => `a-region-with-a-long-name-${at}`);
    expect(parsePolicy(`regions=${many.join(",")}`)).toContain("96 are allowed");
  });

  it("tells tables apart exactly where a key is local, or a register, or resides elsewhere, in one of them only", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 3 });
    const row = fc.record({ prefix: text, policy: fc.constantFrom("crdt", "local", "lww", "home=eu", "regions=eu,us", "regions=ap,us").map((name) => parsePolicy(name) as Policy) });
    const rows = fc.uniqueArray(row, { selector: ({ prefix }: PolicyRow) => prefix, maxLength: 6 });
    const keys = ["", "a", "b", "aa", "ab", "ba", "bb"].flatMap((one) => ["", "a", "b"].flatMap((two) => [`${one}${two}`, `${one}${two}c`]));
    fc.assert(
      fc.property(rows, rows, (one, other) => {
        const [a, b] = [new PolicyTable(one), new PolicyTable(other)];
        const kindIn = (policies: PolicyTable, key: string): string =>
          `${policies.isLocal(key)} ${policies.isRegister(key)} ${policies.groupOf(key)}`;
        const isEqual = keys.every((key) => kindIn(a, key) === kindIn(b, key));
        expect(a.digest === b.digest).toBe(isEqual);
      }),
    );
  });
});
