import { HLC_ZERO, VersionVector, writerId, type Hlc } from "@meridian/words";
import fc from "fast-check";
import { expect, it } from "vitest";
import { emptyCell, type Cell, type CellChange } from "./cell.js";
import { wins } from "./order.js";
import { findRegisterLoser, latestIn, mergeRegister } from "./register.js";

const WRITERS = ["eu", "us", "ap"].map((name) => writerId(name, "0"));

const change = fc
  .record({ at: fc.nat(2), time: fc.integer({ min: 1, max: 6 }), late: fc.nat(3), erases: fc.boolean() })
  .map(({ at, time, late, erases }): CellChange => {
    const writer = WRITERS[at] ?? writerId("eu", "0");
    const print = erases ? "" : `=${writer}${time}`;
    const seen = { context: new VersionVector(), ahead: undefined, unseen: [], absorbed: [] };
    return { action: erases ? "erase" : "assign", writer, hlc: (time + late) as Hlc, birth: time as Hlc, print, number: Infinity, value: undefined, sum: 0n, ...seen };
  });
/** A writer gives a version once. */
const changes = fc.uniqueArray(change, { selector: ({ writer, birth }) => `${writer} ${birth}`, maxLength: 8 });

function merged(list: readonly CellChange[]): Cell {
  const cell = emptyCell();
  for (const one of list) mergeRegister(cell, one);
  return cell;
}

it("holds the latest write of all, deletes included, in whatever order and however often they come", () => {
  fc.assert(
    fc.property(changes, fc.infiniteStream(fc.nat()), (list, order) => {
      const numbers = list.map(() => order.next().value as number);
      const shuffled = list.map((one, at) => ({ one, rank: numbers[at] ?? 0 })).sort((a, b) => a.rank - b.rank).map(({ one }) => one);
      const cell = merged(list);
      expect(merged([...shuffled, ...shuffled.slice(0, 2)])).toEqual(cell);
      const times = list.map(({ writer, birth, print }) => ({ writer, hlc: birth, print }));
      const latest = times.reduce<(typeof times)[number] | undefined>((a, b) => (a && wins(a, b) ? a : b), undefined);
      expect(latestIn(cell)?.hlc ?? HLC_ZERO).toBe(latest?.hlc ?? HLC_ZERO);
      expect(cell.siblings.map(({ print }) => print)).toEqual(latest && latest.print !== "" ? [latest.print] : []);
    }),
  );
});

it("calls a conflict what neither had seen, whichever comes first", () => {
  const [eu, us] = [WRITERS[0], WRITERS[1]] as [(typeof WRITERS)[number], (typeof WRITERS)[number]];
  const none = { ahead: undefined, unseen: [], absorbed: [], sum: 0n, number: Infinity, value: undefined };
  const one: CellChange = { ...none, action: "assign", writer: eu, hlc: 2 as Hlc, birth: 1 as Hlc, print: "=a", context: new VersionVector() };
  const other: CellChange = { ...none, action: "erase", writer: us, hlc: 4 as Hlc, birth: 3 as Hlc, print: "", context: new VersionVector() };
  const told = { rule: "lww", loser: { writer: eu, hlc: 1 }, winner: { writer: us, hlc: 3 }, print: "=a", winnerPrint: "" };
  expect(findRegisterLoser(merged([one]), other)).toMatchObject(told);
  expect(findRegisterLoser(merged([other]), one)).toMatchObject(told);
  const knowing = { ...other, context: new VersionVector([[eu, 2 as Hlc]]) };
  expect(findRegisterLoser(merged([one]), knowing)).toBeUndefined();
  expect(findRegisterLoser(merged([{ ...knowing, ahead: new VersionVector([[eu, 2 as Hlc]]) }]), one)).toBeUndefined();
});
