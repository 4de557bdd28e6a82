import { MeridianError } from "@meridian/words";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeReadResult, encodeReadResult, type ReadType, type ReadValue } from "./index.js";

const bytes = fc.uint8Array({ maxLength: 30 }).map((array) => Buffer.from(array));
const named = { db: fc.integer({ min: 0, max: 65_535 }), key: bytes.map((b) => b.toString("latin1")) };
const deadlineMs = fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 2 ** 45 }));
const value: fc.Arbitrary<ReadValue> = fc.oneof(
  fc.record({ ...named, type: fc.constant<ReadType>("none"), deadlineMs: fc.constant(-1) }),
  fc.record({ ...named, type: fc.constantFrom<ReadType[]>("string", "whole"), deadlineMs, payload: bytes }),
  fc.record({ ...named, type: fc.constantFrom<ReadType[]>("hash", "set", "zset"), deadlineMs, items: fc.array(bytes, { maxLength: 6 }) }),
  fc.record({ ...named, type: fc.constant<ReadType>("none"), deadlineMs, refused: fc.constant("too large: 12 bytes") }),
);

test("a read result comes back as written, and no truncation passes", () => {
  const epochs = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const cuts = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(epochs, fc.maxSafeNat(), fc.array(value, { maxLength: 5 }), cuts, (epoch, id, values, cut) => {
      const encoded = encodeReadResult({ epoch, id, values });
      expect(decodeReadResult(encoded)).toEqual({ epoch, id, values });
      expect(() => decodeReadResult(encoded.subarray(0, Math.floor(encoded.length * cut)))).toThrow(MeridianError);
    }),
  );
});
