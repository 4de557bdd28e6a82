import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ReplyCounter } from "./reply-counter.js";

describe("ReplyCounter", () => {
  it("counts replies and errors for any split of the bytes", () => {
    const reply = fc.oneof(
      fc.constant({ text: "+OK\r\n", error: 0 }),
      fc.integer().map((value) => ({ text: `:${value}\r\n`, error: 0 })),
      fc.constantFrom("-1.5", "3", "-inf").map((score) => ({ text: `$${score.length}\r\n${score}\r\n`, error: 0 })),
      fc.constant({ text: "-ERR no\r\n", error: 1 }),
    );
    fc.assert(
      fc.property(fc.array(reply), fc.array(fc.nat(400)), (replies, cuts) => {
        const bytes = Buffer.from(replies.map(({ text }) => text).join(""));
        const counter = new ReplyCounter();
        const ends = [...new Set(cuts.filter((cut) => cut < bytes.length)), bytes.length].sort((a, b) => a - b);
        let from = 0;
        for (const end of ends) {
          counter.push(bytes.subarray(from, end));
          from = end;
        }
        expect(counter.replies).toBe(replies.length);
        expect(counter.errors).toBe(replies.filter(({ error }) => error === 1).length);
      }),
    );
  });
});
