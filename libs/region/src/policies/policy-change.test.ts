import { MemoryStore } from "@meridian/store";
import { groupWriter, type WriterId } from "@meridian/words";
import { describe, expect, it } from "vitest";
import { AP, EU, US } from "../region-bed.js";
import { POLICIES_KEY, PolicyChange } from "./policy-change.js";

/** A region that has switched from registers to local keys, and has heard that of `us`. */
function switched(isOut: boolean): PolicyChange {
  const store = new MemoryStore();
  const live = {
    version: 1, rows: [{ prefix: "v", policy: "local" }], previous: [{ prefix: "v", policy: "lww" }],
    seen: [US], isDrained: false, isForgotten: false, isImported: true,
  };
  store.commit([{ table: "state", key: POLICIES_KEY, value: Buffer.from(JSON.stringify({ live })) }]);
  const isAp = (writer: WriterId): boolean => writer === AP;
  const absence = { isFenced: isAp, isSetAside: isAp, isOut: (writer: WriterId) => isAp(writer) && isOut };
  return new PolicyChange({ store, writer: EU, peers: [AP, US] }, { absence: () => absence, isImporting: () => false });
}

describe("a change of the policies", () => {
  it("waits for what a fenced region wrote under the old table, up to its cut", () => {
    const change = switched(false);
    expect([change.advance(), change.status.awaits]).toEqual(["awaits peers", [AP]]);
  });

  it("goes on without a fenced region of which everything is received", () => {
    const change = switched(true);
    expect([change.advance(), change.status.awaits]).toEqual(["settles keys that leave", []]);
  });
});

/** A region that has agreed to what `ap` proposes, and then answers whether `ap` is to be fenced, or fences it. */
function agreed(apIs: "there" | "in question" | "fenced"): PolicyChange {
  const isAp = (writer: WriterId): boolean => writer === AP;
  let now = "there";
  const absence = {
    isFenced: (writer: WriterId) => now === "fenced" && isAp(writer),
    isSetAside: (writer: WriterId) => now !== "there" && isAp(writer),
    isOut: () => false,
  };
  const options = { store: new MemoryStore(), writer: EU, peers: [AP, US] };
  const change = new PolicyChange(options, { absence: () => absence, isImporting: () => false });
  change.hear(AP, { version: 0, round: 1, proposed: [{ prefix: "v", policy: "local" }], answer: undefined }, []);
  expect(change.status.proposed?.by).toBe(AP);
  now = apIs;
  return change;
}

describe("a change that a region has agreed to", () => {
  it("is made as soon as the region that proposed it has made it", () => {
    const change = agreed("there");
    expect([change.lets(AP, 1, 7, true), change.beat()?.version, change.switchNow()]).toEqual(["wait", 1, true]);
  });

  it.each(["fenced", "in question"] as const)("is not learned from a region that is %s: what it writes may count nowhere", (apIs) => {
    const change = agreed(apIs);
    expect([change.lets(AP, 1, 7, true), change.beat()?.version, change.switchNow()]).toEqual(["wait", 0, false]);
    change.hear(AP, { version: 1, round: 1, proposed: undefined, answer: undefined }, []);
    expect(change.switchNow()).toBe(false);
    expect([change.lets(US, 1, 7, true), change.switchNow()]).toEqual(["wait", true]);
  });
});

describe("what was written under another table than that which holds here", () => {
  it("is no mismatch where its writer is fenced: it stands behind the cut, where all that counts is received", () => {
    const change = switched(false);
    const { digest } = change.live;
    expect(change.lets(AP, 1, digest + 1, true)).toBe("wait");
    expect(change.lets(US, 1, digest + 1, true)).toMatchObject({ code: "POLICY_MISMATCH" });
    expect(change.lets(AP, 0, 7, true)).toBe("take");
  });

  it("is taken as long as its writer has not gone on, and then only where it was received before", () => {
    const change = agreed("there");
    change.lets(AP, 1, 7, true);
    change.switchNow();
    const { digest } = change.live;
    expect([change.lets(AP, 0, 0, true), change.lets(AP, 1, digest, true), change.lets(AP, 0, 0, false)]).toEqual(["take", "take", "take"]);
    expect([change.lets(AP, 0, 0, true), change.lets(US, 0, 0, true)]).toMatchObject([{ code: "POLICY_MISMATCH", writer: AP }, "take"]);
  });

  it("is taken of a group's log for as long as it comes: its keys have not changed, and it may be behind the other log", () => {
    const change = agreed("there");
    change.lets(AP, 1, 7, true);
    change.switchNow();
    change.lets(AP, 1, change.live.digest, true);
    expect(change.lets(groupWriter(AP, "ap+eu"), 0, 0, true)).toBe("take");
  });
});
