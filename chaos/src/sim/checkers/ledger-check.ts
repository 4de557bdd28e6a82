/**
 * The conflict ledgers of a mesh at rest, read beside what was published.
 *
 * - Sound: every record is of two writes of which neither had seen the other, whose values differ, and holds what lost.
 * - Complete, as far as a mesh at rest can tell: what still hides behind something else is recorded in every region; the
 *   removal of a field or member that had not seen what survives, in the region that wrote the survivor.
 *
 * Regions may differ in conflicts that were over before the later half of them arrived: what was replaced meanwhile never
 * had to be chosen from there. The removal of a whole key is not asked for: where it arrived before the write that outlived it was
 * captured, nothing tells of it.
 */
import { entriesOf, fieldOfId, idOfField, isDigest, isSketchPrint, movedId, positionsOf, winnerOf, type Cell } from "@meridian/merge";
import { elementName, readConflicts, type ConflictRecord, type StoredCell } from "@meridian/region";
import { readValues } from "@meridian/wire";
import { MutationKind, type Dot, type Hlc, type WriterId } from "@meridian/words";
import { cellKindOf, type Published } from "./audited-log.js";
import type { AgentHost } from "../mesh/agent-host.js";
import type { Metadata } from "./metadata-check.js";
import { hasSeen, INCREMENTS } from "./oracle.js";
import { withoutSwitched } from "../mesh/policies.js";
import { contentOfString } from "./sketch-content.js";
import { keyTypes, typesIn } from "./visible-types.js";
import type { World } from "../mesh/world.js";

const K = MutationKind;
const REMOVALS: ReadonlySet<MutationKind> = new Set([K.RemoveField, K.RemoveMember, K.RemoveScore, K.RemoveKey]);

/** The published mutations by version; several writers may give one. */
export type ByVersion = ReadonlyMap<Hlc, readonly Published[]>;

/** The mutations by version, for the ledgers of all regions. */
export function byVersionOf(mutations: readonly Published[]): ByVersion {
  const byVersion = new Map<Hlc, Published[]>();
  for (const m of mutations) {
    // A register's write is named by its time.
    const version = m.kind === K.PutRegister ? m.birth : m.hlc;
    const known = byVersion.get(version);
    if (known) known.push(m);
    else byVersion.set(version, [m]);
  }
  return byVersion;
}

function writtenAt(byVersion: ByVersion, { writer, hlc }: Dot): readonly Published[] {
  return (byVersion.get(hlc) ?? []).filter((m) => m.writer === writer);
}

/** What is wrong with one region's ledger. `byVersion`: see {@link byVersionOf}. */
export function checkLedger(
  world: World,
  agent: AgentHost,
  metadata: Metadata,
  mutations: readonly Published[],
  byVersion: ByVersion,
): string[] {
  const here = world.writers[world.agents.indexOf(agent)] as WriterId;
  const records = withoutSwitched(world, readConflicts(agent.store, {}).records).filter(({ key }) => world.policies?.isLocal(key) !== true);
  const doubled = records.filter((record, at) => records.findIndex((other) => other.id === record.id) !== at && !wonAgain(record, records));
  return [
    ...doubled.map(({ id }) => `the ledger holds ${id} twice`),
    ...records.flatMap((record) => (isTrue(record, byVersion, here, world.settings.expiries > 0 || world.settings.faults.includes("eviction")) ? [] : [`the ledger holds what was no conflict: ${tell(record)}`])),
    ...missing(records, metadata, world.nowMs),
    ...missingTypes(records, metadata),
    ...missingRemovals(records, metadata, mutations, byVersion, here),
  ];
}

/**
 * A pair comes into being again where the winner had lost to a third write, which was removed. Where these two had the same value, only
 * the loser says so, which lost to the third one too.
 */
function wonAgain({ rule, loser: lost, winner, db, key, field }: ConflictRecord, records: readonly ConflictRecord[]): boolean {
  if ((rule !== "register" && rule !== "score" && rule !== "element") || !winner) return false;
  const ofCell = records.filter((other) => other.db === db && other.key === key && other.field === field && other.rule === rule);
  const isThird = (dot: Dot | undefined): boolean => dot !== undefined && !isSame(dot, winner);
  return ofCell.some((other) => isSame(other.loser, winner) || (isSame(other.loser, lost) && isThird(other.winner)));
}

function nameOf({ writer, hlc }: Dot): string {
  return `${writer}@${hlc}`;
}

function tell({ rule, kind, key, field, loser, winner, print, winnerPrint }: ConflictRecord): string {
  return `${rule} ${kind} ${key} ${field}: ${nameOf(loser)} ${print} lost to ${winner ? nameOf(winner) : "-"} ${winnerPrint}`;
}

function isTrue(record: ConflictRecord, byVersion: ByVersion, here: WriterId, mayDrop: boolean): boolean {
  const isOfKey = ({ db, key }: Published): boolean => db === record.db && key === record.key;
  const at = (dot: Dot | undefined): Published[] => (dot ? writtenAt(byVersion, dot) : []).filter(isOfKey);
  type Pair = (loser: Published, winner: Published) => boolean;
  const some = (isPair: Pair): boolean => losers.some((loser) => winners.some((winner) => isPair(loser, winner)));
  const losers = at(record.loser);
  const winners = at(record.winner);
  switch (record.rule) {
    case "register":
    case "score":
      return some((l, w) => isPutOf(l, record) && isPutOf(w, record) && areConcurrent(l, w) && lostValue(record, l, w, mayDrop));
    case "element":
      return some((l, w) => valueAt(l, record) !== undefined && areConcurrent(l, w) && lostElement(record, l, w, mayDrop));
    case "moved":
      return some((l, w) => isEntryBeside(record, l, w));
    case "expiry":
      return some((l, w) => hasDeadline(l) && hasDeadline(w) && l.number < w.number && areConcurrent(l, w));
    case "lww":
      return some((l, w) => areRegisters(l, w) && isEarlier(l, w) && areConcurrent(l, w) && lostWhole(record, l, w, mayDrop));
    case "remove":
      return record.winner?.writer === here && some((l, w) => REMOVALS.has(l.kind) && !takes(l, w));
    case "hidden":
      return some((l, w) => isIncrement(l) && isPutOf(w, record) && !takes(w, l));
    case "type":
      return some((l, w) => isTypeLost(record, l, w) && isHiddenBy(record, l, w, mutationsOf(byVersion, record)));
    case "home":
      return record.loser.writer === here && here !== "eu/0" && losers.length > 0;
    default:
      return false;
  }
}

/** The winner is the newest write of its type by then: it may have seen the loser, where another of its type had hidden that before. */
function isTypeLost({ kind, value }: ConflictRecord, loser: Published, winner: Published): boolean {
  const isLater = winner.hlc > loser.hlc || (winner.hlc === loser.hlc && winner.writer < loser.writer);
  const hasValue = loser.kind === K.PutString || loser.kind === K.PutField || loser.kind === K.PutEntry;
  return isLater && isOtherType(loser, winner) && typeOfKind(loser) === kind && (!hasValue || value === undefined || value.toString("latin1") === loser.value);
}

/** By the winner, or by a write of its type that stood there when it came: that had hidden the loser before. */
function isHiddenBy(record: ConflictRecord, loser: Published, winner: Published, ofKey: readonly Published[]): boolean {
  const lost = inCellOf(record, loser);
  if (isTakerOf(winner, lost) && takes(winner, lost)) return false;
  const isBelow = (m: Published): boolean =>
    m !== winner && typeOfKind(m) === typeOfKind(winner) && isTypeLost(record, loser, m) && hasStood(m, winner, ofKey);
  return [winner, ...ofKey.filter(isBelow)].some((w) => !isGoneBefore(lost, w, ofKey));
}

/** True where the winner's client may have found the write there, whether it replaced it or added to it. */
function hasStood(m: Published, winner: Published, ofKey: readonly Published[]): boolean {
  return !(winner.creates && takes(winner, m)) && !ofKey.some((t) => t !== winner && isTakenBefore(m, t, winner));
}

/** Entries and groups also say that their stream is there, which is a cell of its own: one may be taken away and the other not. */
function inCellOf({ kind, field }: ConflictRecord, m: Published): Published {
  return kind === "x" && field === "" ? { ...m, kind: K.PutStream, field } : m;
}

/** True where the winner's client had seen how the loser was taken away, or takes it away itself. */
function isGoneBefore(loser: Published, winner: Published, ofKey: readonly Published[]): boolean {
  return !isNamedUnseen(loser, winner) && ofKey.some((m) => !isSame(m, loser) && isTakenBefore(loser, m, winner));
}

/** True where `taker` takes `m` away and the winner's context covers that, or it is the winner itself. */
function isTakenBefore(m: Published, taker: Published, winner: Published): boolean {
  const isBefore = taker === winner || hasSeen(winner, taker, cellKindOf(taker.kind), fieldOf(taker));
  return isBefore && isTakerOf(taker, m) && takes(taker, m);
}

function isTakerOf(m: Published, other: Published): boolean {
  const isOfCell = cellKindOf(m.kind) === cellKindOf(other.kind) && m.field === fieldOf(other);
  return takesAll(m) || (isOfCell && (REMOVALS.has(m.kind) || isPutKind(m)));
}

/** The winner says that its client could not see the loser: so it did not see either how that was taken away, if it was. */
function isNamedUnseen(loser: Published, { unseen }: Published): boolean {
  const hlc = isIncrement(loser) ? loser.birth : loser.hlc;
  const kind = cellKindOf(loser.kind);
  return unseen.some((u) => u.kind === kind && u.field === fieldOf(loser) && u.writer === loser.writer && u.hlc === hlc);
}

function takesAll({ kind, creates }: Published): boolean {
  return creates || kind === K.RemoveKey || kind === K.PutString || kind === K.PutWhole;
}

function isPutKind({ kind }: Published): boolean {
  return kind === K.PutField || kind === K.PutScore || kind === K.AddMember;
}

function typeOfKind({ kind }: Published): string {
  const type = cellKindOf(kind);
  return type === "g" ? "x" : type;
}

function isOtherType(a: Published, b: Published): boolean {
  const [one, other] = [typeOfKind(a), typeOfKind(b)];
  return one !== other && other !== "t" && other !== "";
}

function mutationsOf(byVersion: ByVersion, { db, key }: ConflictRecord): Published[] {
  return [...byVersion.values()].flat().filter((m) => m.db === db && m.key === key);
}

function isPutOf(m: Published, { kind, field }: ConflictRecord): boolean {
  const { kind: put } = m;
  const isPut = put === K.PutString || put === K.PutField || put === K.PutWhole || put === K.PutScore || put === K.PutSketch;
  return isPut && cellKindOf(m.kind) === kind && m.field === field;
}

/** What a mutation puts into the element that a record names. */
function valueAt(m: Published, { field }: ConflictRecord): string | undefined {
  if (m.kind !== K.PutElements) return undefined;
  const bytes = Buffer.from(m.value, "latin1");
  const values = readValues({ bytes, start: 0, end: bytes.length }).map((value) => value.toString("latin1"));
  const places = positionsOf({ spans: [], first: m.field, values: values.map(() => ({ print: "", value: undefined })) });
  return values[places.findIndex((position) => elementName(position) === field)];
}

function lostElement(record: ConflictRecord, loser: Published, winner: Published, mayDrop: boolean): boolean {
  const [lost, won] = [valueAt(loser, record), valueAt(winner, record)];
  if (lost === undefined || won === undefined || lost === won) return false;
  return record.value === undefined ? mayDrop && isDigest(record.print) : record.value.toString("latin1") === lost;
}

/** No server takes an id that it holds: two puts of one id had not seen each other. The puts themselves do not say what they saw. */
function isEntryBeside({ field, value }: ConflictRecord, loser: Published, winner: Published): boolean {
  const areEntries = loser.kind === K.PutEntry && winner.kind === K.PutEntry;
  if (!areEntries || loser.field !== winner.field || loser.writer === winner.writer) return false;
  return fieldOfId(field) === loser.field && value?.toString() === movedId(loser.field, loser);
}

function hasDeadline({ kind }: Published): boolean {
  return kind === K.PutExpiry || kind === K.PutString || kind === K.PutWhole;
}

function isIncrement({ kind }: Published): boolean {
  return INCREMENTS.has(kind);
}

function areConcurrent(a: Published, b: Published): boolean {
  return !hasSeen(a, b, cellKindOf(b.kind), fieldOf(b)) && !hasSeen(b, a, cellKindOf(a.kind), fieldOf(a));
}

/** A list is one cell. */
function fieldOf({ kind, field }: Published): string {
  return cellKindOf(kind) === "l" ? "" : field;
}

/** True where `m`, which removes or replaces, had seen `other`. */
function takes(m: Published, other: Published): boolean {
  if (!isIncrement(other)) return hasSeen(m, other, cellKindOf(other.kind), fieldOf(other));
  return m.absorbed.some(({ writer, birth, upTo }) => writer === other.writer && birth === other.birth && upTo >= other.hlc);
}

function areRegisters(a: Published, b: Published): boolean {
  return a.kind === K.PutRegister && b.kind === K.PutRegister;
}

function isEarlier(a: Published, b: Published): boolean {
  return a.birth < b.birth || (a.birth === b.birth && a.writer > b.writer);
}

/** A whole value that lost to another one, or to another deadline, or to a removal. */
function lostWhole({ value }: ConflictRecord, loser: Published, winner: Published, mayDrop: boolean): boolean {
  if (loser.value === winner.value && loser.number === winner.number) return false;
  if (value === undefined) return loser.value === "" || mayDrop;
  return value.toString("latin1") === loser.value;
}

function lostValue({ rule, value, print }: ConflictRecord, loser: Published, winner: Published, mayDrop: boolean): boolean {
  if (rule === "score") return loser.number !== winner.number && value?.toString() === String(loser.number);
  if (loser.value === winner.value) return false;
  // A long value that the server has dropped at its deadline stands nowhere any more.
  if (value === undefined) return mayDrop && isDigest(print);
  // A server stores a sketch's count beside its registers: the bytes may differ from those that were published.
  return contentOfString(value.toString("latin1")) === contentOfString(loser.value);
}

function missing(records: readonly ConflictRecord[], metadata: Metadata, nowMs: number): string[] {
  const problems: string[] = [];
  for (const [name, cell] of metadata) {
    const hidden = hiddenIn(cell, metadata, nowMs);
    if (hidden.length === 0) continue;
    const own = records.filter((record) => isOf(record, cell));
    const isTold = ({ rule, loser, winner }: Hidden): boolean =>
      own.some((record) => record.rule === rule && isSame(record.loser, loser) && (!winner || isSame(record.winner, winner)));
    const lacking = hidden.filter((one) => !isTold(one));
    problems.push(...lacking.map(({ rule, loser, winner }) => `the ledger lacks ${rule} of ${name}: ${nameOf(loser)} behind ${winner ? nameOf(winner) : "another"}`));
  }
  return problems;
}

/** What is hidden behind another type is recorded by its newest write, whatever it was hidden by. */
function missingTypes(records: readonly ConflictRecord[], metadata: Metadata): string[] {
  const types = typesIn(metadata);
  if (!types.isMixed) return [];
  const told = new Set(records.filter(({ rule }) => rule === "type").map(({ db, key, loser }) => `${db}|${key} ${nameOf(loser)}`));
  return [...types.byPlace].flatMap(([place, { visible, newest }]) => {
    const hidden = [...newest].filter(([type, dot]) => type !== visible && !told.has(`${place} ${nameOf(dot)}`));
    return hidden.map(([type, dot]) => `the ledger lacks type of ${place}: ${nameOf(dot)} of ${type}, hidden behind ${visible}`);
  });
}

interface Hidden {
  readonly rule: ConflictRecord["rule"];
  readonly loser: Dot;
  /** Undefined: whatever it was. */
  readonly winner: Dot | undefined;
}

const NOTHING_HIDDEN: readonly Hidden[] = [];

function hiddenIn(cell: StoredCell, metadata: Metadata, nowMs: number): readonly Hidden[] {
  const { kind, base } = cell;
  // What has one write hides nothing: but one of a stream may be several entries.
  if (base.siblings.length < 2 && kind !== "x") return NOTHING_HIDDEN;
  // Nothing hides in a stream: entries of one id stand beside each other, all but one under another id.
  if (kind === "x" && cell.field !== "") return movedIn(cell);
  if (kind === "x" || kind === "g") return [];
  if (kind === "t") return shorterThanLongest(cell, metadata, nowMs);
  const winner = winnerOf(base);
  if (!winner) return [];
  const differs = (other: Cell["siblings"][number]): boolean => (kind === "z" ? other.number !== winner.number : areDifferent(other.print, winner.print));
  return base.siblings.filter((other) => other !== winner && differs(other)).map((loser) => ({ rule: kind === "z" ? "score" : kind === "l" ? "element" : "register", loser, winner }));
}

/** Whatever they met first. */
function movedIn({ base, field }: StoredCell): Hidden[] {
  const entries = entriesOf(base, field);
  const owner = entries.find(({ id }) => id === idOfField(field));
  return owner ? entries.filter((entry) => entry !== owner).map(({ sibling }) => ({ rule: "moved", loser: sibling, winner: undefined })) : [];
}

/** Sketches are united: none hides. */
function areDifferent(a: string, b: string): boolean {
  return a !== b && !(isSketchPrint(a) && isSketchPrint(b));
}

const MEMBER_TYPES: ReadonlySet<string> = new Set(["h", "e", "z", "x"]);

/** Of a key that is there, and shows a type that brings no deadline along. */
function shorterThanLongest({ db, key, base }: StoredCell, metadata: Metadata, nowMs: number): Hidden[] {
  const ofKey = [...metadata.values()].filter((other) => other.db === db && other.key === key);
  const visible = keyTypes(ofKey).byPlace.get(`${db}|${key}`)?.visible;
  const hasMembers = ofKey.some((other) => MEMBER_TYPES.has(other.kind) && other.base.siblings.length > 0);
  const isHeld = visible !== undefined && MEMBER_TYPES.has(visible) && hasMembers;
  const [first] = base.siblings;
  if (!isHeld || !first) return [];
  const longest = base.siblings.reduce((a, b) => (b.number > a.number ? b : a), first);
  if (longest.number <= nowMs) return [];
  return base.siblings.filter(({ number }) => number < longest.number).map((loser) => ({ rule: "expiry", loser, winner: longest }));
}

function isOf(record: ConflictRecord, { db, key, kind, field }: StoredCell): boolean {
  const name = kind === "l" ? elementName(field) : kind === "x" && field !== "" ? idOfField(field) : field;
  return record.db === db && record.key === key && record.kind === kind && record.field === name;
}

function isSame(a: Dot | undefined, b: Dot): boolean {
  return a?.hlc === b.hlc && a.writer === b.writer;
}

function missingRemovals(
  records: readonly ConflictRecord[],
  metadata: Metadata,
  mutations: readonly Published[],
  byVersion: ByVersion,
  here: WriterId,
): string[] {
  const removals = mutations.filter((m) => REMOVALS.has(m.kind) && m.kind !== K.RemoveKey && m.writer !== here);
  const problems: string[] = [];
  if (removals.length === 0) return problems;
  for (const [name, { db, key, kind, field, base }] of metadata) {
    if (kind === "t") continue;
    for (const own of base.siblings.filter(({ writer }) => writer === here)) {
      const isOfCell = (m: Published): boolean => m.db === db && m.key === key && cellKindOf(m.kind) === kind && m.field === field;
      const put = writtenAt(byVersion, own).find(isOfCell);
      for (const removal of removals) {
        if (!isOfCell(removal) || !put || hasSeen(put, removal, kind, field) || hasSeen(removal, put, kind, field)) continue;
        const isRecorded = records.some((record) => record.rule === "remove" && record.key === key && record.db === db && isSame(record.loser, removal));
        if (!isRecorded) problems.push(`the ledger lacks the removal ${nameOf(removal)} of ${name}, which ${nameOf(own)} outlived`);
      }
    }
  }
  return problems;
}
