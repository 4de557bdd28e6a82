import fc from "fast-check";
import { MeridianError } from "@meridian/words";
import { describe, expect, it } from "vitest";
import { CommandParser } from "./command-parser.js";
import { encodeCommand } from "./command-writer.js";

interface Parsed {
  readonly args: Buffer[];
  readonly endOffset: number;
}

/** Pushes the chunks and copies out what the parser delivers. */
function parse(chunks: readonly Buffer[], startOffset = 0): { commands: Parsed[]; parser: CommandParser } {
  const commands: Parsed[] = [];
  const parser = new CommandParser(({ buffer, argc, starts, ends }, endOffset) => {
    const args = Array.from({ length: argc }, (_, i) => Buffer.from(buffer.subarray(starts[i], ends[i])));
    commands.push({ args, endOffset });
  }, startOffset);
  for (const chunk of chunks) {
    const own = Buffer.from(chunk);
    parser.push(own);
    own.fill(0x55); // the parser may not keep the chunk
  }
  return { commands, parser };
}

/** Cuts bytes at the given fractions. */
function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((cut) => Math.floor(cut * bytes.length)))].sort((a, b) => a - b);
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length));
}

const argument = fc.oneof(
  { weight: 5, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 2, arbitrary: fc.constantFrom("", "\r\n", "$3\r\n", "*1\r\n", "\n").map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 90_000 }).map((size) => Buffer.alloc(size, "k\r\n$")) },
);
const command = fc.array(argument.map((bytes) => Buffer.from(bytes)), { minLength: 1, maxLength: 100 });
/** A command, or a keep-alive before it. */
const element = fc.record({ args: command, keepAlives: fc.constantFrom(0, 0, 0, 1, 3) });

describe("CommandParser", () => {
  it("gives the same commands at the same offsets for any split of the bytes", () => {
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 60 });
    fc.assert(
      fc.property(fc.array(element, { maxLength: 12 }), cuts, fc.nat(1e15), (elements, cutsAt, startOffset) => {
        const pieces = elements.map(({ args, keepAlives }) => Buffer.concat([Buffer.alloc(keepAlives, "\n"), encodeCommand(args)]));
        let offset = startOffset;
        const expected = elements.map(({ args }, i) => ({ args, endOffset: (offset += pieces[i]!.length) }));
        const { commands, parser } = parse(split(Buffer.concat(pieces), cutsAt), startOffset);
        expect(commands.length).toBe(expected.length);
        commands.forEach((one, i) => {
          expect(one.endOffset).toBe(expected[i]!.endOffset);
          expect(one.args.length).toBe(expected[i]!.args.length);
          expect(one.args.every((bytes, j) => bytes.equals(expected[i]!.args[j]!))).toBe(true);
        });
        expect(parser.offset).toBe(offset);
        expect(parser.heldBytes).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it("survives every split in two and every byte alone", () => {
    const bytes = Buffer.concat([
      encodeCommand(["SELECT", "0"]),
      Buffer.from("\n\n"),
      encodeCommand(["SET", "", Buffer.from("a\r\nb")]),
      encodeCommand(["MSET", ...Array.from({ length: 150 }, (_, i) => `k${i}`)]),
      Buffer.from("\n"),
    ]);
    const whole = parse([bytes], 1000);
    expect(whole.commands.map(({ args }) => args.length)).toEqual([2, 3, 151]);
    expect(whole.parser.offset).toBe(1000 + bytes.length);
    for (let at = 0; at <= bytes.length; at++) {
      const { commands, parser } = parse([bytes.subarray(0, at), bytes.subarray(at)], 1000);
      expect(commands).toEqual(whole.commands);
      expect(parser.offset).toBe(1000 + bytes.length);
    }
    expect(parse([...bytes].map((byte) => Buffer.from([byte])), 1000).commands).toEqual(whole.commands);
  });

  it("stands behind the last complete command until the next one is complete", () => {
    const first = encodeCommand(["PING"]);
    const second = encodeCommand(["SET", "key", "value"]);
    const { parser } = parse([first, second.subarray(0, -1)], 50);
    expect(parser.offset).toBe(50 + first.length);
    expect(parser.heldBytes).toBe(second.length - 1);
    parser.push(second.subarray(-1));
    expect(parser.offset).toBe(50 + first.length + second.length);
  });

  it("collects a value over 16 MB in socket-sized chunks, with commands around it", () => {
    const value = Buffer.alloc(17 * 1024 * 1024 + 3);
    for (let i = 0; i < value.length; i += 997) value[i] = i & 0xff;
    const key = Buffer.alloc(70_000, "k");
    const bytes = Buffer.concat([encodeCommand(["PING"]), encodeCommand(["SET", key, value]), encodeCommand(["PING"])]);
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 65_536) chunks.push(bytes.subarray(at, at + 65_536));
    const { commands, parser } = parse(chunks);
    expect(commands.map(({ args }) => args.length)).toEqual([1, 3, 1]);
    expect(commands[1]!.args[1]!.equals(key)).toBe(true);
    expect(commands[1]!.args[2]!.equals(value)).toBe(true);
    expect(parser.offset).toBe(bytes.length);
  });

  it("delivers a command in place: the view's buffer is the chunk itself", () => {
    let seen: Buffer | undefined;
    const parser = new CommandParser((view) => (seen = view.buffer), 0);
    const chunk = encodeCommand(["SET", "k", "v"]);
    parser.push(chunk);
    expect(seen).toBe(chunk);
  });

  it("drops a partial command at reset and goes on at the new offset", () => {
    const bytes = encodeCommand(["SET", "k", "v"]);
    for (let at = 1; at < bytes.length; at++) {
      const ends: number[] = [];
      const parser = new CommandParser((_, endOffset) => ends.push(endOffset), 0);
      parser.push(bytes.subarray(0, at));
      parser.reset(7);
      parser.push(bytes);
      expect(ends).toEqual([7 + bytes.length]);
    }
  });

  const good = "*1\r\n$4\r\nPING\r\n";
  it.each([
    ["an inline command", "PING\r\n", 0],
    ["a reply", "+OK\r\n", 0],
    ["an empty command", "*0\r\n", 0],
    ["a null array", "*-1\r\n", 1],
    ["too many arguments", "*99999999\r\n", 0],
    ["a count that wraps 32 bits", "*4294967297\r\n", 0],
    ["a count without digits", "*\r\n", 1],
    ["a count of too many digits", "*00000000001\r\n", 11],
    ["a count with a letter", "*1x\r\n", 2],
    ["a count without line feed", "*1\rx", 3],
    ["an integer argument", "*1\r\n:4\r\n", 4],
    ["a null argument", "*1\r\n$-1\r\n", 5],
    ["an argument without length", "*1\r\n$\r\n", 5],
    ["an argument too long", "*1\r\n$2147483648\r\n", 4],
    ["a length with a letter", "*1\r\n$4a\r\nPING\r\n", 6],
    ["an argument longer than its length", "*1\r\n$3\r\nPING\r\n", 11],
    ["a wrong end of an argument", "*1\r\n$4\r\nPING\rx", 13],
  ])("names the offset of %s, whatever the split", (_, bad, at) => {
    const bytes = Buffer.from(`${good}${bad}`);
    const wanted = `offset ${900 + good.length + at} `;
    for (let cut = 0; cut <= bytes.length; cut++) {
      let thrown: unknown;
      try {
        parse([bytes.subarray(0, cut), bytes.subarray(cut)], 900);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(MeridianError);
      expect((thrown as MeridianError).code).toBe("STREAM_PROTOCOL");
      expect((thrown as MeridianError).message).toContain(wanted);
    }
  });

  it("refuses or waits, but never invents, on random bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), (bytes) => {
        try {
          const { commands } = parse([Buffer.from(bytes)]);
          for (const { args } of commands) expect(Buffer.from(bytes).includes(encodeCommand(args))).toBe(true);
        } catch (error) {
          expect((error as MeridianError).code).toBe("STREAM_PROTOCOL");
        }
      }),
    );
  });
});
