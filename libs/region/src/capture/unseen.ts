/**
 * What a local write must not take away although its context covers it, because its client cannot have seen it: changes that
 * wait to be applied, and what is merged while the server is known to hold nothing of the cell.
 */
import { isLive, type Cell, type ChangeAction } from "@meridian/merge";
import type { Absorbed, MutationDetail, ReadonlyVector, Unseen, WriterId } from "@meridian/words";
import type { CellSlot } from "../keys/key-entry.js";
import { clashView } from "../apply/type-clash.js";
import { addLive } from "../keys/live-sums.js";

/** What stands in a cell by its dot. */
const WRITES: ReadonlySet<ChangeAction> = new Set(["put", "wipe", "assign", "erase"]);
const NOTHING_OTHERS: Away = { siblings: [], sums: [] };

/** What of a cell stands beside a local write, because its client could not see it. */
export type Away = Pick<Cell, "siblings" | "sums">;

/**
 * True where other regions' writes are merged and the server holds nothing of the cell: what was in their way has gone, and they
 * are about to be written. In a key of several types that is rest: what is hidden goes with what hides it. Deadlines, lists, groups
 * and that a stream is there (which its entries say too) have rules of their own.
 */
export function isAway(slot: CellSlot): boolean {
  const { kind, field, list, entry } = slot;
  const hasOwnRules = kind === "t" || kind === "g" || list !== undefined || (kind === "x" && field === "");
  return isEmpty(slot) && !hasOwnRules && !entry.mayClash && !entry.expired;
}

function isEmpty({ shown }: CellSlot): boolean {
  return shown !== undefined && shown.print === undefined;
}

/**
 * To be called before a command changes anything of the cell's key: one that was of several types may be of one again. From here on
 * the same holds of all of its cells, until the command is done.
 */
export function lookAtTypes(slot: CellSlot): void {
  if (slot.entry.mayClash && isEmpty(slot)) clashView(slot.entry);
}

/** What of a cell other writers have put there, as copies; nothing where the server holds any of the cell. */
export function awayOf(slot: CellSlot, writer: WriterId): Away {
  if (!isAway(slot)) return NOTHING_OTHERS;
  const { siblings, sums } = slot.base;
  return {
    siblings: siblings.filter((sibling) => sibling.writer !== writer),
    sums: sums.filter((sum) => sum.writer !== writer && isLive(sum)).map((sum) => ({ ...sum })),
  };
}

/** Names the dots of a cell that `frontier` covers and no client here has seen. */
function addUnseen(unseen: Unseen[], slot: CellSlot, { writer, frontier, away }: LocalTaking): void {
  const { kind, field } = slot;
  for (const { action, writer: by, hlc } of slot.pending) {
    if (WRITES.has(action) && frontier.covers(by, hlc)) unseen.push({ kind, field, writer: by, hlc });
  }
  for (const { writer: by, hlc } of (away ?? awayOf(slot, writer)).siblings) unseen.push({ kind, field, writer: by, hlc });
}

/** A write that creates its key takes whole sums away: not those of which its client could not see an increment. */
function addUnseenSums(unseen: Unseen[], { kind, field, pending }: CellSlot, frontier: ReadonlyVector): void {
  for (const { action, writer, hlc, birth } of pending) {
    const isNamed = unseen.some((dot) => dot.hlc === birth && dot.writer === writer && dot.kind === kind && dot.field === field);
    if (action === "increment" && !isNamed && frontier.covers(writer, hlc)) unseen.push({ kind, field, writer, hlc: birth });
  }
}

/** A local write: the cells that it takes away, those that only carry a deadline of it, and whether its key begins with it. */
export interface LocalTaking {
  readonly slots: readonly CellSlot[];
  /** Of the only one of `slots`: what stands beside the write, where that is not {@link awayOf}. */
  readonly away?: Away | undefined;
  readonly carriers: readonly (CellSlot | undefined)[];
  readonly creates: boolean;
  readonly writer: WriterId;
  readonly frontier: ReadonlyVector;
}

/** What the context of a local write alone does not say: increments taken away, and dots that it covers but the client has not seen. */
export function unseenDetail(taking: LocalTaking): MutationDetail | undefined {
  const { slots, carriers, creates, writer, frontier } = taking;
  const unseen: Unseen[] = [];
  const absorbed: Absorbed[] = [];
  for (const slot of slots) lookAtTypes(slot);
  for (const slot of carriers) if (slot) lookAtTypes(slot);
  for (const slot of carriers) if (slot) addUnseen(unseen, slot, taking);
  for (const slot of slots) {
    addUnseen(unseen, slot, taking);
    if (creates) addUnseenSums(unseen, slot, frontier);
    addLive(absorbed, slot, isAway(slot) ? writer : undefined);
  }
  return unseen.length + absorbed.length === 0 ? undefined : { context: undefined, unseen, absorbed };
}
