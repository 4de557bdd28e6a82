import { expect, test } from "vitest";
import { payloadType } from "./payload-type.js";

/** As a server numbers a module's type: six bits for each letter, then its version. */
function moduleId(name: string, version: number): Buffer {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  let id = 0n;
  for (const letter of name) id = (id << 6n) | BigInt(letters.indexOf(letter));
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE((id << 10n) | BigInt(version));
  return bytes;
}

test("types of the server by their names, module types by theirs, others by number", () => {
  expect(payloadType(Buffer.from([18, 1, 2]))).toBe("list");
  expect(payloadType(Buffer.from([25, 1, 2]))).toBe("hash with field deadlines");
  expect(payloadType(Buffer.concat([Buffer.from([7, 0x81]), moduleId("ReJSON-RL", 3), Buffer.from([0])]))).toBe("module type ReJSON-RL");
  expect(payloadType(Buffer.concat([Buffer.from([7, 0x81]), moduleId("vectorset", 0)]))).toBe("module type vectorset");
  expect([payloadType(Buffer.from([7])), payloadType(Buffer.from([99])), payloadType(Buffer.alloc(0))]).toEqual(["type 7", "type 99", "empty payload"]);
});
