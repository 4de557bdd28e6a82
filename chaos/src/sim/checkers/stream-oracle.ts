/**
 * What a stream must hold at the end, computed from the published mutations alone and without the merge library.
 *
 * - An entry is there unless a removal names it, its writer gave the id again, or something took the whole key that had seen it.
 * - Of several entries of one id, the one of the smallest writer has it, but for those that a removal saw beside another
 *   one; the others stand at an id of the same millisecond that follows from the entry.
 * - What was copied and not made is no second entry beside one of the same id and content.
 * - A group is there if it was made and nobody removed it who was not seen by a later making.
 * - The stream is there if anything was added to it that no removal of the key had seen.
 */
import { decodeRemoval, idOfField } from "@meridian/merge";
import { MutationKind, type Dot } from "@meridian/words";
import { createHash } from "node:crypto";
import type { Published } from "./audited-log.js";
import { cellName } from "./cells-of-server.js";

const K = MutationKind;
const MAKES_STREAM: ReadonlySet<MutationKind> = new Set([K.PutEntry, K.PutStream, K.PutGroup]);

function takesAll({ kind, creates }: Published): boolean {
  return creates || kind === K.RemoveKey || kind === K.PutString || kind === K.PutWhole;
}

/** The cells of a key's stream; none where there is no stream. */
export function expectedStream(mutations: readonly Published[]): Map<string, string> {
  const cells = new Map<string, string>();
  const [first] = mutations;
  if (!first || !mutations.some(({ kind }) => kind >= K.PutEntry)) return cells;
  const { db, key } = first;
  for (const [id, value] of entriesOf(mutations)) cells.set(cellName(db, key, "x", id), value);
  for (const group of groupsOf(mutations).keys()) cells.set(cellName(db, key, "g", group), "");
  if (makersOf(mutations).length > 0 || cells.size > 0) cells.set(cellName(db, key, "x"), "");
  return cells;
}

/** What says that the stream is there. */
function makersOf(mutations: readonly Published[]): Published[] {
  const makers = mutations.filter(({ kind }) => MAKES_STREAM.has(kind));
  return makers.filter((maker) => !mutations.some((m) => (MAKES_STREAM.has(m.kind) || takesAll(m)) && hasSeen(m, maker, "x", "")));
}

/** Every write of a key's stream that stands, visible or not. */
export function standingInStream(mutations: readonly Published[]): Published[] {
  if (!mutations.some(({ kind }) => kind >= K.PutEntry)) return [];
  return [...makersOf(mutations), ...madeEntries(mutations), ...groupsOf(mutations).values()].flat();
}

function hasSeen(m: Published, dot: Dot, kind: string, field: string): boolean {
  if (m.writer === dot.writer) return dot.hlc < m.hlc;
  if (!m.context.covers(dot.writer, dot.hlc)) return false;
  return !m.unseen.some((u) => u.kind === kind && u.field === field && u.writer === dot.writer && u.hlc === dot.hlc);
}

function removalsOf(mutations: readonly Published[]): (ReturnType<typeof decodeRemoval> & { readonly field: string })[] {
  return mutations.filter(({ kind }) => kind === K.RemoveEntry).map(({ field, value }) => ({ field, ...decodeRemoval(Buffer.from(value, "latin1")) }));
}

function isNamed(m: Published, dots: readonly Dot[]): boolean {
  return dots.some(({ writer, hlc }) => writer === m.writer && hlc === m.hlc);
}

function madeEntries(mutations: readonly Published[]): Published[] {
  const removals = removalsOf(mutations);
  const isGone = (put: Published): boolean =>
    removals.some(({ field, removed }) => field === put.field && isNamed(put, removed)) ||
    mutations.some((m) => (takesAll(m) || (m.kind === K.PutEntry && m.field === put.field && m.writer === put.writer)) && hasSeen(m, put, "x", put.field));
  return mutations.filter((m) => m.kind === K.PutEntry && !isGone(m));
}

function entriesOf(mutations: readonly Published[]): [string, string][] {
  const removals = removalsOf(mutations);
  const made = madeEntries(mutations);
  const isBeside = (put: Published): boolean => removals.some(({ field, beside }) => field === put.field && isNamed(put, beside));
  const isCopy = (put: Published): boolean => put.number === 1 && !isBeside(put);
  const isSame = (a: Published, b: Published): boolean => a !== b && a.field === b.field && a.value === b.value;
  const hides = (other: Published, copy: Published): boolean =>
    isSame(other, copy) && !isBeside(other) && (!isCopy(other) || other.writer < copy.writer);
  const alive = made.filter((put) => !isCopy(put) || !made.some((other) => hides(other, put)));
  return alive.map((put) => {
    const isOwner = !isBeside(put) && !alive.some((other) => other.field === put.field && other.writer < put.writer && !isBeside(other));
    return [isOwner ? idOfField(put.field) : idBeside(put), put.value];
  });
}

function idBeside({ field, writer, hlc }: Published): string {
  const digest = createHash("sha1").update(`${field} ${writer} ${hlc}`).digest("hex");
  return `${idOfField(field).split("-")[0] ?? ""}-${2n ** 52n + BigInt(`0x${digest.slice(0, 13)}`)}`;
}

/** The groups that are there, with what made them. */
function groupsOf(mutations: readonly Published[]): Map<string, Published[]> {
  const writes = mutations.filter(({ kind }) => kind === K.PutGroup || kind === K.RemoveGroup);
  const found = new Map<string, Published[]>();
  for (const { field } of writes) {
    const ofGroup = writes.filter((m) => m.field === field);
    const left = ofGroup.filter((put) => ![...ofGroup, ...mutations.filter(takesAll)].some((m) => hasSeen(m, put, "g", field)));
    if (left.length > 0 && left.every(({ kind }) => kind === K.PutGroup)) found.set(field, left);
  }
  return found;
}
