import { VersionVector, writerId, type Hlc, type WriterId } from "@meridian/words";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decodeState, encodeState, firstState, type RegionState } from "./region-state.js";

const WRITERS: readonly WriterId[] = [writerId("eu", "0"), writerId("us", "0"), "eu/0~eu+us" as WriterId];
const writer = fc.constantFrom(...WRITERS);
const whole = fc.nat(Number.MAX_SAFE_INTEGER);
const hlc = whole.map((version) => version as Hlc);
const vector = fc.uniqueArray(fc.tuple(writer, hlc), { selector: ([name]) => name }).map((entries) => new VersionVector(entries));
const halt = fc.record({ code: fc.constant("QUARANTINED" as const), reason: fc.string({ unit: "grapheme" }), advice: fc.string() });

const states: fc.Arbitrary<RegionState> = fc.record({
  place: fc.option(fc.record({ replicationId: fc.string(), offset: whole }), { nil: undefined }),
  db: fc.nat(15),
  frontier: vector,
  told: vector,
  positions: fc.uniqueArray(fc.tuple(writer, fc.string()), { selector: ([name]) => name }).map((entries) => new Map(entries)),
  last: hlc,
  lasts: fc.array(fc.tuple(writer, hlc), { maxLength: 2 }),
  writers: fc.uniqueArray(writer),
  nextOut: whole,
  nextIn: whole,
  epoch: whole,
  importing: fc.array(fc.nat(15), { maxLength: 3 }),
  policies: whole,
  evicted: whole,
  halt: fc.option(halt, { nil: undefined }),
});

/** What a person reads in the store, and what earlier versions wrote. */
function plainOf(state: RegionState): unknown {
  return { ...state, frontier: [...state.frontier.entries()], told: [...state.told.entries()], positions: [...state.positions] };
}

test("a state is written as the JSON that it says, and read back as it was", () => {
  fc.assert(
    fc.property(states, (state) => {
      const bytes = encodeState(state);
      expect(bytes.toString()).toBe(JSON.stringify(plainOf(state)));
      const read = decodeState(bytes);
      expect(plainOf(read)).toEqual(plainOf(state));
    }),
  );
});

test("what an earlier version did not write is as in a new region", () => {
  const { told: _, evicted: _other, ...earlier } = plainOf(firstState()) as Record<string, unknown>;
  expect(decodeState(Buffer.from(JSON.stringify(earlier)))).toEqual(firstState());
});
