import { expect, test } from "vitest";
import { isMarkKey, isReadKey, isReserved } from "./index.js";

test.each([
  ["meridian:mark", true, true, false],
  ["meridian:read", true, false, true],
  ["meridian:", true, false, false],
  ["meridian:marks", true, false, false],
  ["meridian", false, false, false],
  ["Meridian:mark", false, false, false],
  ["", false, false, false],
])("%j: reserved %s, mark %s, read %s", (key, reserved, mark, read) => {
  const bytes = Buffer.from(`xx${key}yy`, "latin1");
  const end = 2 + key.length;
  expect([isReserved(bytes, 2, end), isMarkKey(bytes, 2, end), isReadKey(bytes, 2, end)]).toEqual([reserved, mark, read]);
});
