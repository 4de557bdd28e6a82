import { MemoryStore } from "@meridian/store";
import { HLC_ZERO, MutationKind, VersionVector } from "@meridian/words";
import { expect, test } from "vitest";
import { at, EU, recordOf, RegionBed, US } from "../region-bed.js";

test("a deadline that met a number which a client had just set: what the server drops then is no client's delete", () => {
  const bed = RegionBed.ready(new MemoryStore());
  bed.feed(["INCRBY", "k", "5"]);
  bed.flush();
  bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, new VersionVector(), { kind: MutationKind.PutExpiry, hlc: at(1), key: "k", number: bed.nowMs + 50 }));
  const [batch] = bed.flush().apply;
  bed.feed(["SET", "k", "200"]);
  if (batch) bed.echo(batch);
  bed.nowMs += 60;
  bed.feed(["DEL", "k"]);
  bed.flush();
  expect(bed.mutations().map(({ kind }) => kind)).toEqual([MutationKind.IncrementString, MutationKind.PutString]);
});

test("a value with a deadline that met an equal one which a client had just set: what the server drops then is no client's delete", () => {
  const bed = RegionBed.ready(new MemoryStore());
  bed.feed(["SET", "k", "a"]);
  bed.flush();
  const seen = new VersionVector([[EU, bed.region.lastVersion]]);
  bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, seen, { kind: MutationKind.PutString, hlc: at(1), key: "k", value: "b", number: bed.nowMs + 50 }));
  const [batch] = bed.flush().apply;
  bed.feed(["SET", "k", "a"]);
  if (batch) bed.echo(batch);
  bed.nowMs += 60;
  bed.feed(["DEL", "k"]);
  bed.flush();
  expect(bed.mutations().map(({ kind }) => kind)).toEqual([MutationKind.PutString, MutationKind.PutString]);
});
