import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commandIn, commandNamed, commandOf } from "./command-lookup.js";
import { COMMAND_TABLE } from "./command-table.js";
import { viewOf } from "./view-of.js";

const plain = COMMAND_TABLE.filter((row) => !row.name.includes("|"));

/** The name with each letter in the case that `bits` says. */
function inCase(name: string, bits: readonly boolean[]): string {
  return [...name].map((letter, i) => (bits[i % bits.length] === true ? letter.toUpperCase() : letter)).join("");
}

describe("commandOf", () => {
  it("finds every row by its name in any case, anywhere in a buffer", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...plain),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
        fc.uint8Array({ maxLength: 8 }),
        (row, bits, before) => {
          const name = Buffer.from(inCase(row.name, bits));
          const buffer = Buffer.concat([before, name, Buffer.from("x")]);
          expect(commandOf(buffer, before.length, before.length + name.length)).toBe(row);
        },
      ),
    );
  });

  it("finds nothing for bytes that are no command's name", () => {
    const known = new Set<string>(plain.map((row) => row.name));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const text = Buffer.from(bytes).toString("latin1").replace(/[A-Z]/g, (letter) => letter.toLowerCase());
        fc.pre(!known.has(text));
        expect(commandOf(Buffer.from(bytes), 0, bytes.length)).toBeUndefined();
      }),
    );
  });

  it("does not mistake bytes that differ in the case bit alone", () => {
    const disguised = Buffer.from("restore-asking");
    disguised[7] = 0x0d;
    expect(commandOf(disguised, 0, disguised.length)).toBeUndefined();
  });

  it("finds no subcommand by its joined name: a stream cannot carry one", () => {
    const joined = Buffer.from("xgroup|create");
    expect(commandOf(joined, 0, joined.length)).toBeUndefined();
  });
});

describe("commandIn", () => {
  it("resolves subcommands, and falls back to the container's row", () => {
    expect(commandIn(viewOf("XGROUP", "Create", "s", "g", "$"))?.name).toBe("xgroup|create");
    expect(commandIn(viewOf("function", "LOAD", "x"))?.name).toBe("function|load");
    expect(commandIn(viewOf("XGROUP", "SOMETHING", "s"))?.name).toBe("xgroup");
    expect(commandIn(viewOf("XGROUP"))?.name).toBe("xgroup");
    expect(commandIn(viewOf("SET", "create", "1"))?.name).toBe("set");
  });
});

describe("the table", () => {
  it("has each name once, and ids that are positions", () => {
    expect(new Set(COMMAND_TABLE.map((row) => row.name)).size).toBe(COMMAND_TABLE.length);
    COMMAND_TABLE.forEach((row, id) => {
      expect(row.id).toBe(id);
      expect(commandNamed(row.name)).toBe(row);
    });
  });

  it("can find the keys of every command in the stream whose result must be read back", () => {
    for (const row of COMMAND_TABLE) {
      const needed = row.inStream && (row.treatment === "readback" || row.treatment === "whole" || row.treatment === "captured");
      if (needed && !["eval", "evalsha", "fcall"].includes(row.name)) expect(row.keys.find, row.name).not.toBe("none");
    }
  });
});
