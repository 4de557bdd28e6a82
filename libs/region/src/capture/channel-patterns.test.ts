import fc from "fast-check";
import { expect, test } from "vitest";
import { ChannelPatterns } from "./channel-patterns.js";

const matches = (pattern: string, channel: string): boolean => new ChannelPatterns([pattern]).includes(channel);

test.each([
  ["orders.*", "orders.eu", true], ["orders.*", "orders.", true], ["orders.*", "order", false],
  ["*", "", true], ["", "", true], ["", "a", false], ["a?c", "abc", true], ["a?c", "ac", false],
  ["h[ae]llo", "hello", true], ["h[ae]llo", "hillo", false], ["h[^e]llo", "hallo", true], ["h[^e]llo", "hello", false],
  ["h[a-c]llo", "hbllo", true], ["h[c-a]llo", "hbllo", true], ["h[a-c]llo", "hdllo", false], ["a\\*", "a*", true], ["a\\*", "ab", false],
  ["[\\]]", "]", true], ["[a", "a", true], ["a*b*c", "axxbyyc", true], ["a*b*c", "axxbyy", false], ["**a**", "xay", true], ["x\\", "x\\", true],
])("%s and %s: %s", (pattern, channel, expected) => {
  expect(matches(pattern, channel)).toBe(expected);
});

test("what stars and question marks match is what an expression says", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 8 });
  const name = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 10 });
  fc.assert(fc.property(word, name, (pattern, channel) => {
    const expression = new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s");
    expect(matches(pattern, channel)).toBe(expression.test(channel));
  }));
});

test("many stars cost no more than pattern times name", () => {
  expect(matches("*a".repeat(60), "a".repeat(59) + "b".repeat(20_000))).toBe(false);
});

test("what servers say among themselves is never relayed", () => {
  for (const channel of ["__sentinel__:hello", "__keyspace@0__:k", "__keyevent@0__:set", "__redis__:invalidate", "meridian:x"]) {
    expect(matches("*", channel)).toBe(false);
  }
});
