import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CommandWriter, encodeCommand, SLAB_BYTES, type CommandArgument } from "./command-writer.js";

/** The definition, slow and plain. */
function plain(args: readonly CommandArgument[]): Buffer {
  const pieces: Buffer[] = [Buffer.from(`*${args.length}\r\n`)];
  for (const argument of args) {
    const bytes = Buffer.isBuffer(argument) ? argument : Buffer.from(String(argument), "latin1");
    pieces.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n"));
  }
  return Buffer.concat(pieces);
}

const argument: fc.Arbitrary<CommandArgument> = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
);
const commands = fc.array(fc.array(argument, { minLength: 1, maxLength: 20 }), { maxLength: 40 });

describe("encodeCommand", () => {
  it("writes RESP, byte for byte", () => {
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1 }), (args) => {
        expect(encodeCommand(args)).toEqual(plain(args));
      }),
    );
    expect(encodeCommand(["SET", "k", "\xff\x00", 10, -0.5]).toString("latin1")).toBe(
      "*5\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\n\xff\x00\r\n$2\r\n10\r\n$4\r\n-0.5\r\n",
    );
  });

  it("uses the given buffer where it fits", () => {
    const into = Buffer.alloc(100);
    expect(encodeCommand(["PING"], into).buffer).toBe(into.buffer);
    const long = encodeCommand(["SET", "k", "v".repeat(100)], into);
    expect(long.buffer).not.toBe(into.buffer);
    expect(long).toEqual(plain(["SET", "k", "v".repeat(100)]));
  });

  it("refuses what it would have to send as something else", () => {
    expect(() => encodeCommand(["GET", "\u0100"])).toThrow(/0xff/);
    expect(() => encodeCommand(["GET", `${"x".repeat(100)}€`])).toThrow(/0xff/);
    expect(() => encodeCommand(["INCRBY", "k", NaN])).toThrow(/cannot be an argument/);
    expect(() => encodeCommand([])).toThrow(/at least its name/);
  });
});

describe("CommandWriter", () => {
  it("gives every command once, over any takes and slab borders, and never touches what was taken", () => {
    fc.assert(
      fc.property(commands, fc.array(fc.boolean()), fc.integer({ min: 1, max: 400 }), (all, takes, slabBytes) => {
        const writer = new CommandWriter(slabBytes);
        const taken: Buffer[] = [];
        const copies: Buffer[] = [];
        const take = (): void => {
          const bytes = writer.take();
          taken.push(bytes);
          copies.push(Buffer.from(bytes));
        };
        all.forEach((args, i) => {
          writer.command(args);
          expect(writer.commands).toBeGreaterThan(0);
          if (takes[i] === true) take();
        });
        take();
        expect(writer.bytes).toBe(0);
        expect(writer.commands).toBe(0);
        expect(Buffer.concat(taken)).toEqual(Buffer.concat(all.map(plain)));
        expect(taken).toEqual(copies);
      }),
    );
  });

  it("takes commands larger than a slab, and raw bytes", () => {
    const writer = new CommandWriter();
    const value = Buffer.alloc(SLAB_BYTES * 2, "v");
    writer.command(["PING"]);
    writer.command(["SET", "k", value]);
    writer.raw(plain(["ECHO", "x"]));
    const expected = Buffer.concat([plain(["PING"]), plain(["SET", "k", value]), plain(["ECHO", "x"])]);
    expect(writer.take().equals(expected)).toBe(true);
  });
});
