import { MemoryStore } from "@meridian/store";
import type { WriterId } from "@meridian/words";
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
  const absence = { isFenced: (writer: WriterId) => writer === AP, isOut: (writer: WriterId) => writer === AP && isOut };
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

/** A region that has agreed to what `ap` proposes, and listens to `ap` no more where that is fenced. */
function agreed(isFenced: boolean): PolicyChange {
  const isAp = (writer: WriterId): boolean => writer === AP;
  let fenced = false;
  const absence = { isFenced: (writer: WriterId) => fenced && isAp(writer), isOut: () => false };
  const options = { store: new MemoryStore(), writer: EU, peers: [AP, US] };
  const change = new PolicyChange(options, { absence: () => absence, isImporting: () => false });
  change.hear(AP, { version: 0, round: 1, proposed: [{ prefix: "v", policy: "local" }], answer: undefined }, []);
  expect(change.status.proposed?.by).toBe(AP);
  fenced = isFenced;
  return change;
}

describe("a change that a region has agreed to", () => {
  it("is made as soon as the region that proposed it has made it", () => {
    const change = agreed(false);
    expect([change.lets(AP, 1, 7), change.beat()?.version, change.switchNow()]).toEqual(["wait", 1, true]);
  });

  it("is not learned from that region once it is fenced: what it wrote behind its cut counts nowhere", () => {
    const change = agreed(true);
    expect([change.lets(AP, 1, 7), change.beat()?.version, change.switchNow()]).toEqual(["wait", 0, false]);
    expect([change.lets(US, 1, 7), change.switchNow()]).toEqual(["wait", true]);
  });
});
