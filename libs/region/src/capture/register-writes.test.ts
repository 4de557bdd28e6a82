import { encodeMarkEntry, encodeReadResult, MARK_KEY, READ_KEY, type ApplyBatch } from "@meridian/mark";
import { digestPrintOf } from "@meridian/merge";
import { MemoryStore } from "@meridian/store";
import { HLC_ZERO, MutationKind, VersionVector } from "@meridian/words";
import { describe, expect, it } from "vitest";
import { PolicyTable } from "../policies/policy-table.js";
import { at, recordUnder, RegionBed, US } from "../region-bed.js";

const TABLE = new PolicyTable([{ prefix: "w", policy: { kind: "lww" } }]);
const THEIRS = "what the others wrote";

/** A register of a peer is on its way to the server, while a client there writes and deletes it, and makes and removes a hash. */
function racing(): { readonly bed: RegionBed; readonly batch: ApplyBatch } {
  const bed = RegionBed.ready(new MemoryStore(), 1, undefined, { policies: TABLE });
  const theirs = { kind: MutationKind.PutRegister, hlc: at(5), birth: at(5), key: "w", value: THEIRS };
  bed.region.onRecord(US, "1", recordUnder(TABLE.digest, US, HLC_ZERO, new VersionVector(), theirs));
  bed.nowMs += 10;
  bed.flush();
  const [batch] = bed.batches;
  if (!batch) throw new Error("nothing was issued");
  bed.feed(["SET", "w", "ours"], ["UNLINK", "w"], ["HSET", "w", "f", "1"], ["HDEL", "w", "f"]);
  bed.flush();
  return { bed, batch };
}

/** The server runs the batch; of what it restored it gives `held` when it is read. */
function run({ bed, batch }: ReturnType<typeof racing>, held: string): void {
  const note = encodeMarkEntry("n", { db: 0, kind: "w", key: "w", field: "" }, digestPrintOf(Buffer.from(held)).slice(1));
  bed.feed(["MULTI"], ["SET", MARK_KEY, Buffer.concat([batch.args[3] as Buffer, note])], ["RESTORE", "w", "0", THEIRS], ["EXEC"]);
  const values = [{ db: 0, key: "w", type: "whole" as const, deadlineMs: -1, payload: Buffer.from(held) }];
  for (const { id } of bed.reads) bed.feed(["MULTI"], ["SET", READ_KEY, encodeReadResult({ id, epoch: 1, values })], ["DEL", READ_KEY], ["EXEC"]);
  bed.flush();
}

describe("a register that a batch wrote while clients came and went", () => {
  it.each([
    ["as it was sent", THEIRS],
    ["as the server itself prints it", "the same in other bytes"],
  ])("is not taken for what a client wrote when it is read, %s, and goes where the client's delete was later", (_, held) => {
    const racers = racing();
    run(racers, held);
    const { bed } = racers;
    expect(bed.reads.length).toBeGreaterThan(0);
    expect(bed.mutations().map(({ kind, key }) => [kind, key])).toEqual([[MutationKind.PutRegister, "w"]]);
    expect(bed.batches.length).toBe(2);
    const removal = bed.batches.at(-1)?.args.slice(4).map((arg) => arg.toString("latin1")) ?? [];
    expect(removal).toContain("w");
    expect(removal).not.toContain(THEIRS);
  });
});
