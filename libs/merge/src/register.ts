/**
 * A key that is one register: of everything that was ever written to it the latest stands as a whole, deletes included.
 * The last-writer-wins register of Shapiro et al., *A comprehensive study of convergent and commutative replicated data
 * types* (2011). Its time is the version of the command that wrote it (`birth` of a change): what has seen another write is
 * always later, so only concurrent ones are chosen between by their clocks.
 *
 * Promises that the state is the maximum of the changes received, whatever their order. Needs no contexts for that; those
 * that came early are kept only to know what is a conflict.
 */
import type { Dot } from "@meridian/words";
import type { Cell, CellChange } from "./cell.js";
import type { CellConflict } from "./conflict.js";
import { covers, isCoveredEarly, rememberEarly, sameDot } from "./merge.js";
import { winnerOf, wins } from "./order.js";

/** The write that a change makes of a register: its time is earlier than the version under which it was read back. */
export function writeOf({ writer, birth }: CellChange): Dot {
  return { writer, hlc: birth };
}

/** The write that stands in a register, or undefined where it was never written, or is forgotten. */
export function latestIn({ siblings, wipes }: Cell): Dot | undefined {
  return winnerOf({ siblings }) ?? wipes?.reduce((a, b) => (wins(b, a) ? b : a));
}

/** Merges an `assign` or `erase`, in place. */
export function mergeRegister(cell: Cell, change: CellChange): void {
  const { ahead, unseen } = change;
  if (ahead) cell.early = rememberEarly(cell.early, ahead, unseen);
  const latest = latestIn(cell);
  const write = writeOf(change);
  if (latest && !wins(write, latest)) return;
  const { print, number, value } = change;
  cell.siblings = change.action === "assign" ? [{ writer: write.writer, hlc: write.hlc, print, number, value }] : [];
  cell.wipes = change.action === "assign" ? undefined : [write];
}

/** What loses where `change` meets `cell`, before it is merged; undefined where one had seen the other, or both are alike. */
export function findRegisterLoser(cell: Cell, change: CellChange): CellConflict | undefined {
  const [held] = cell.siblings;
  const latest = latestIn(cell);
  const write = writeOf(change);
  if (!latest || sameDot(latest, write)) return undefined;
  const standing = { writer: latest.writer, hlc: latest.hlc, print: held?.print ?? "", number: held?.number ?? 0, value: held?.value };
  if (standing.print === change.print && (standing.print === "" || standing.number === change.number)) return undefined;
  const isLater = wins(write, latest);
  if (isLater ? covers(change, latest) : isCoveredEarly(cell.early, change)) return undefined;
  const arriving = { ...change, hlc: change.birth };
  const [winner, loser] = isLater ? [arriving, standing] : [standing, arriving];
  return { rule: "lww", loser: dotOf(loser), since: loser.hlc, winner: dotOf(winner), print: loser.print, value: loser.value, winnerPrint: winner.print };
}

function dotOf({ writer, hlc }: Dot): Dot {
  return { writer, hlc };
}
