import { encodeRecord, heartbeatFrame } from "@meridian/wire";
import { hlcMs, MutationKind, VersionVector, type Hlc } from "@meridian/words";
import { describe, expect, it } from "vitest";
import type { Hold } from "../effects.js";
import { AP, at, EU, recordOf } from "../region-bed.js";
import { REGION_LIMITS } from "../region-limits.js";
import { Inbox, type PolicyWatch } from "./inbox.js";

const NONE = new VersionVector();
const CUT = at(1);
const FENCED: Hold = { writer: AP, code: "FENCED", reason: "was away" };

/** An inbox of `eu`, where `ap` was fenced at its cut and has gone on under a table of its own. */
function inboxOf(policies: PolicyWatch = { lets: () => "wait" }): Inbox {
  const options = { writer: EU, peers: [AP], maxDriftMs: 500, limits: REGION_LIMITS, policies };
  const lets = (_: unknown, last: Hlc): "take" | Hold => (last <= CUT ? "take" : FENCED);
  return new Inbox(options, 1, () => true, { hear: () => undefined, arrived: () => undefined, lets });
}

function record(previous: Hlc, ms: number): Buffer {
  return recordOf(AP, previous, NONE, { kind: MutationKind.PutString, hlc: at(ms), key: "k", value: "v" });
}

describe("what a fenced region wrote under a table that nobody else has", () => {
  it("is refused where everything up to the cut is received", () => {
    const inbox = inboxOf();
    inbox.push(AP, "2", record(at(1), 2));
    expect(inbox.next(new VersionVector([[AP, CUT]]), 0, [], () => undefined)).toEqual([]);
    expect([inbox.holds, inbox.isEmpty]).toEqual([[FENCED], true]);
  });

  it("is waited for up to the cut: somebody has taken it, and says so", () => {
    const inbox = inboxOf();
    inbox.push(AP, "1", record(0 as Hlc, 1));
    expect(inbox.next(NONE, 0, [], () => undefined)).toEqual([]);
    expect([inbox.holds, inbox.isEmpty]).toEqual([[], false]);
  });
});

describe("a record that was written under another table", () => {
  const MISMATCH: Hold = { writer: AP, code: "POLICY_MISMATCH", reason: "another table" };

  it("holds nothing back that stands before it", () => {
    const inbox = inboxOf({ lets: (_, version) => (version === 0 ? "take" : MISMATCH) });
    inbox.push(AP, "1", record(0 as Hlc, 1));
    inbox.push(AP, "2", encodeRecord(AP, { replicationId: "r", firstOffset: 0, lastOffset: 1 }, [heartbeatFrame(at(1), NONE, 0)], 7, 1));
    expect(inbox.next(NONE, hlcMs(at(1)), [], () => undefined)).toHaveLength(1);
    expect(inbox.holds).toEqual([]);
    expect(inbox.next(new VersionVector([[AP, at(1)]]), hlcMs(at(1)), [], () => undefined)).toEqual([]);
    expect([inbox.holds, inbox.wants(AP)]).toEqual([[MISMATCH], true]);
  });

  it("is looked at again: its writer may be fenced meanwhile", () => {
    let said: "wait" | Hold = MISMATCH;
    const inbox = inboxOf({ lets: () => said });
    inbox.push(AP, "2", record(at(1), 2));
    const received = new VersionVector([[AP, CUT]]);
    inbox.next(received, 0, [], () => undefined);
    expect(inbox.holds).toEqual([MISMATCH]);
    said = "wait";
    inbox.next(received, 0, [], () => undefined);
    expect([inbox.holds, inbox.isEmpty, inbox.wants(AP)]).toEqual([[FENCED], true, false]);
  });

  it("tells nothing of its writer where something before it was not received", () => {
    const asked: number[] = [];
    const inbox = inboxOf({ lets: (_, version) => (asked.push(version), "take") });
    inbox.push(AP, "2", encodeRecord(AP, { replicationId: "r", firstOffset: 0, lastOffset: 1 }, [heartbeatFrame(CUT, NONE, 0)], 7, 1));
    inbox.next(NONE, hlcMs(CUT), [], () => undefined);
    expect([asked, inbox.holds]).toMatchObject([[], [{ code: "RECORD_GAP" }]]);
  });
});
