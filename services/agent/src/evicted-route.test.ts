import { expect, test } from "vitest";
import { evictedReply, KEYS_MAX } from "./evicted-route.js";

const base64 = (key: string): string => Buffer.from(key, "latin1").toString("base64");

test("keys are told in their order, as bytes, of the server that is named", () => {
  const asked: unknown[] = [];
  const reply = evictedReply({ db: 3, keys: ["a", "\xff\0"].map(base64), server: "s1" }, (...args) => {
    asked.push(args);
    return [true, false];
  });
  expect(asked).toEqual([["s1", 3, ["a", "\xff\0"]]]);
  expect([reply.status, JSON.parse(String(reply.body))]).toEqual([200, { evicted: [true, false] }]);
});

test.each([
  ["no object", "text"],
  ["no database", { keys: [] }],
  ["a database that is none", { db: -1, keys: [] }],
  ["no keys", { db: 0 }],
  ["too many keys", { db: 0, keys: Array.from({ length: KEYS_MAX + 1 }, () => "") }],
  ["a key that is no text", { db: 0, keys: [1] }],
  ["a server that is no name", { db: 0, keys: [], server: 1 }],
])("%s is refused", (_, body) => {
  expect(evictedReply(body, () => []).status).toBe(400);
});

test("a server that is not there is 503", () => {
  expect(evictedReply({ db: 0, keys: [] }, () => undefined).status).toBe(503);
});
