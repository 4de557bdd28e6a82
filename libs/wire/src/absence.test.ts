import { VersionVector, writerId, type Hlc } from "@meridian/words";
import { expect, it } from "vitest";
import type { AbsenceSaid } from "./absence.js";
import { heartbeatFrame } from "./frame.js";
import { decodeRecord, encodeRecord } from "./record.js";

const eu = writerId("eu", "0");
const us = writerId("us", "0");
const ap = writerId("ap", "0");
const SPAN = { replicationId: "r", firstOffset: 1, lastOffset: 2 };
const LATE = (2 ** 48 * 8 - 3) as Hlc;

function carried(absence: AbsenceSaid | undefined): AbsenceSaid | undefined {
  const record = encodeRecord(eu, SPAN, [heartbeatFrame(7 as Hlc, new VersionVector([[us, 5 as Hlc]]), 1234, absence)]);
  return decodeRecord(record, eu).frames[0]?.absence;
}

it("comes back from a heartbeat as it was said", () => {
  const answer = { to: ap, round: 9, received: [{ writer: us, version: LATE }] };
  const said: AbsenceSaid = { round: 3, asked: [us, ap], answer, fenced: [{ writer: ap, version: 0 as Hlc }] };
  expect(carried(said)).toEqual(said);
  expect(carried({ round: 0, asked: [], answer: undefined, fenced: [] })).toEqual({ round: 0, asked: [], answer: undefined, fenced: [] });
  expect(carried(undefined)).toBeUndefined();
});
