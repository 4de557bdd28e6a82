import { MeridianError } from "@meridian/words";
import { expect, test } from "vitest";
import { EXIT_CODES, exitCodesText, exitReasonOf } from "./exit-code.js";

test.each([
  ["BAD_OPTION", false, 2],
  ["FENCED", false, 3],
  ["STORE_CORRUPT", false, 4],
  ["SERVER_UNAVAILABLE", false, 5],
  ["TOPIC_MISMATCH", true, 5],
] as const)("%s (retryable %s) ends with %i", (code, retryable, exit) => {
  const error = new MeridianError(code, "x", { advice: "y", retryable });
  expect(EXIT_CODES[exitReasonOf(error)].code).toBe(exit);
});

test("what has no code of its own is a crash", () => {
  expect(exitReasonOf(new TypeError("x"))).toBe("CRASHED");
  expect(exitReasonOf("x")).toBe("CRASHED");
});

test("codes differ and are all explained", () => {
  const codes = Object.values(EXIT_CODES).map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  for (const { code, means } of Object.values(EXIT_CODES)) expect(exitCodesText()).toContain(`${code}  ${means}`);
});
