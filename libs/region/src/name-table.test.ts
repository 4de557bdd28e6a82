import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NameTable } from "./name-table.js";

describe("a table of names", () => {
  it("equals a map, whatever comes and goes", () => {
    const step = fc.record({ name: fc.nat(120).map((at) => `K\0\0=key:${at}`), does: fc.constantFrom("set", "set", "take", "get") });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
        const table = new NameTable<{ name: string; at: number }>();
        const model = new Map<string, { name: string; at: number }>();
        steps.forEach(({ name, does }, at) => {
          if (does === "get") expect(table.get(name)).toBe(model.get(name));
          if (does === "take") {
            expect(table.take(name)).toBe(model.get(name));
            model.delete(name);
          }
          if (does === "set") {
            const value = { name, at };
            table.set(value);
            model.set(name, value);
          }
          expect(table.size).toBe(model.size);
        });
        for (let at = 0; at <= 120; at += 1) expect(table.get(`K\0\0=key:${at}`)).toBe(model.get(`K\0\0=key:${at}`));
      }),
    );
  });
});
