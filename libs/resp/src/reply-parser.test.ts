import fc from "fast-check";
import type { MeridianError } from "@meridian/words";
import { describe, expect, it } from "vitest";
import { REPLY_DEPTH_MAX, ReplyError, ReplyParser, type Reply } from "./reply-parser.js";

function parse(chunks: readonly Buffer[]): Reply[] {
  const replies: Reply[] = [];
  const parser = new ReplyParser((reply) => replies.push(reply));
  for (const chunk of chunks) {
    const own = Buffer.from(chunk);
    parser.push(own);
    own.fill(0x55); // replies may not point into the chunk
  }
  return replies;
}

function encode(reply: Reply): Buffer {
  if (typeof reply === "string") return Buffer.from(`+${reply}\r\n`, "latin1");
  if (typeof reply === "number" || typeof reply === "bigint") return Buffer.from(`:${reply}\r\n`);
  if (reply === null) return Buffer.from("$-1\r\n");
  if (Buffer.isBuffer(reply)) return Buffer.concat([Buffer.from(`$${reply.length}\r\n`), reply, Buffer.from("\r\n")]);
  if (reply instanceof ReplyError) return Buffer.from(`-${reply.message}\r\n`);
  return Buffer.concat([Buffer.from(`*${reply.length}\r\n`), ...reply.map(encode)]);
}

const { reply } = fc.letrec<{ reply: Reply; leaf: Reply }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom<Reply>("OK", "PONG", "", null, [], Buffer.alloc(0), new ReplyError("NOSCRIPT none"), new ReplyError("ERR")),
    fc.maxSafeInteger(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((n) => (Number.isSafeInteger(Number(n)) ? Number(n) : n)),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  ),
  reply: fc.oneof({ maxDepth: 4 }, tie("leaf"), fc.array(tie("reply"), { maxLength: 6 })),
}));

describe("ReplyParser", () => {
  it("gives the same replies for any split of the bytes", () => {
    fc.assert(
      fc.property(fc.array(reply, { maxLength: 8 }), fc.array(fc.nat(400), { maxLength: 30 }), (replies, sizes) => {
        const bytes = Buffer.concat(replies.map(encode));
        const chunks: Buffer[] = [];
        let at = 0;
        for (const size of [...sizes, bytes.length]) chunks.push(bytes.subarray(at, (at += size)));
        expect(parse(chunks)).toEqual(replies);
      }),
      { numRuns: 500 },
    );
  });

  it("reads a null array, and an error's code", () => {
    expect(parse([Buffer.from("*-1\r\n")])).toEqual([null]);
    const [error] = parse([Buffer.from("-WRONGTYPE Operation against a key\r\n")]);
    expect((error as ReplyError).code).toBe("WRONGTYPE");
    expect(new ReplyError("ERR").code).toBe("ERR");
  });

  it("collects a large bulk from many chunks", () => {
    const value = Buffer.alloc(5_000_000, "0123456789\r\n");
    const bytes = encode([value, 1]);
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 65_536) chunks.push(bytes.subarray(at, at + 65_536));
    const [parsed] = parse(chunks) as [Reply[]];
    expect((parsed[0] as Buffer).equals(value)).toBe(true);
  });

  it.each([
    ["%1\r\n", 0],
    ["hello\r\n", 0],
    [":1x\r\n", 0],
    ["$-2\r\n", 0],
    ["$3\r\nabcd\r\n", 8],
    ["+no return\n", 10],
    ["*99999999999\r\n", 0],
    ["*1\r\n".repeat(REPLY_DEPTH_MAX + 1), REPLY_DEPTH_MAX * 4],
    [`+${"x".repeat(70_000)}`, 0],
  ])("refuses %j and names the offset", (bad, at) => {
    let thrown: unknown;
    try {
      parse([Buffer.from("+OK\r\n"), Buffer.from(bad)]);
    } catch (error) {
      thrown = error;
    }
    expect((thrown as MeridianError).code).toBe("STREAM_PROTOCOL");
    expect((thrown as MeridianError).message).toContain(`offset ${5 + at} `);
  });
});
