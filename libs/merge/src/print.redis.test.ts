import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startRedis, type TestRedis } from "@meridian/testkit";
import type { Redis } from "ioredis";
import { digestPrintOf, integerOfPrint, printOf, printOfInteger } from "./print.js";

let server: TestRedis;
let client: Redis;

beforeAll(async () => {
  server = await startRedis();
  client = server.client();
});
afterAll(() => server.stop());

/** What could be taken for a number by one side and not by the other. */
const AWKWARD = [
  ...["", " ", "0", "-0", "+0", "00", "01", "-01", "1", "-1", "+1", " 1", "1 ", "1\0", "\0", "-", "--1", "1-", "1.0", "1e3", "0x10", "abc", "inf", "nan"],
  ...["9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "09223372036854775807"],
  ...["18446744073709551615", "99999999999999999999", "-99999999999999999999", "1".repeat(32), "1".repeat(33), "१"],
];

test("what INCRBY and HINCRBY take for a number is what we take for one", async () => {
  const digits = fc.string({ unit: fc.constantFrom(..."0123456789-+ .e\0"), maxLength: 21 });
  const values = [...AWKWARD, ...fc.sample(fc.oneof(digits, fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String)), 600)];
  const pipeline = client.pipeline();
  for (const value of values) pipeline.set("k", value).incrby("k", 0).del("h").hset("h", "f", value).hincrby("h", "f", 0);
  const replies = (await pipeline.exec()) ?? [];
  for (const [at, value] of values.entries()) {
    const ours = integerOfPrint(printOf(Buffer.from(value)));
    const [incr, hincr] = [replies[at * 5 + 1], replies[at * 5 + 4]];
    expect([value, incr?.[0] === null], "INCRBY").toEqual([value, ours !== undefined]);
    expect([value, hincr?.[0] === null], "HINCRBY").toEqual([value, ours !== undefined]);
  }
});

test("a number is printed as the server prints it, to the edge of 64 bits", async () => {
  for (const value of [0n, 7n, -7n, 2n ** 63n - 1n, -(2n ** 63n)]) {
    await client.set("n", "0");
    await client.incrby("n", value.toString());
    expect(`=${await client.get("n")}`).toBe(printOfInteger(value));
  }
  await expect(client.incrby("n", "-1")).rejects.toThrow(/overflow/);
});

test("a script computes the same digest", async () => {
  for (const value of [Buffer.alloc(33), Buffer.from([...Array(256).keys()]), Buffer.alloc(100_000, 0xff)]) {
    const hex = (await client.eval("return redis.sha1hex(ARGV[1])", 0, value)) as string;
    expect(`#${hex.slice(0, 16)}`).toBe(digestPrintOf(value));
  }
});
