import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashOfName, NameTable, type Named } from "./name-table.js";

describe("a table of names", () => {
  it("equals a map, whatever comes and goes", () => {
    const step = fc.record({ name: fc.nat(120).map((at) => `K\0\0=key:${at}`), does: fc.constantFrom("set", "set", "take", "get") });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
        const table = new NameTable<Named & { readonly at: number }>();
        const model = new Map<string, Named & { readonly at: number }>();
        steps.forEach(({ name, does }, at) => {
          // As if half of all names had the hash of another.
          const hash = hashOfName(name) & ~1;
          if (does === "get") expect(table.get(name, hash)).toBe(model.get(name));
          if (does === "take") {
            expect(table.take(name, hash)).toBe(model.get(name));
            model.delete(name);
          }
          if (does === "set") {
            const value = { name, hash, at };
            table.set(value);
            model.set(name, value);
          }
          expect(table.size).toBe(model.size);
        });
        for (const value of model.values()) expect(table.get(value.name, value.hash)).toBe(value);
      }),
    );
  });
});
