/**
 * Reads what a run left in the log, checks it as a log (versions, chain, transactions), and hands out the mutations, each
 * once, as plain data for the oracle.
 */
import type { Frame } from "@meridian/wire";
import { MutationKind, type Absorbed, type Hlc, type Mutation, type ReadonlyVector, type Unseen, type WriterId } from "@meridian/words";
import { cellName } from "./cells-of-server.js";
import { readRecord } from "../mesh/read-record.js";
import type { World } from "../mesh/world.js";

/** One published mutation. */
export interface Published {
  readonly writer: WriterId;
  readonly hlc: Hlc;
  readonly kind: MutationKind;
  readonly db: number;
  readonly key: string;
  readonly field: string;
  /** `db|key`, and the name of the cell; that of the whole key has no kind. */
  readonly place: string;
  readonly cell: string;
  readonly value: string;
  readonly number: number;
  readonly birth: Hlc;
  readonly sum: bigint;
  readonly context: ReadonlyVector;
  readonly unseen: readonly Unseen[];
  readonly absorbed: readonly Absorbed[];
  readonly creates: boolean;
  /** How many changes of the policies its writer had gone through. */
  readonly policyVersion: number;
}

/** See the module's comment. */
export interface AuditedLog {
  readonly mutations: readonly Published[];
  /** What clients said on channels, with the region's number. */
  readonly messages: readonly { readonly at: number; readonly text: string }[];
  readonly problems: readonly string[];
}

/** Reads the whole log. */
export function auditLog(world: World): AuditedLog {
  const mutations: Published[] = [];
  const messages: { at: number; text: string }[] = [];
  const problems: string[] = [];
  for (const [at, writer] of world.writers.entries()) {
    let last = 0;
    const named = new Set<string>();
    for (const record of world.log.of(writer)) {
      const { frames, policyVersion } = readRecord(record, writer);
      for (const [index, frame] of frames.entries()) {
        if (frame.continues && index === 0) problems.push(`${writer}: a record behind ${frame.previous} begins within a transaction`);
        if (frame.mutations === 0 && frame.previous > last) problems.push(`${writer}: a heartbeat comes behind ${frame.previous}, but the log ends with ${last}`);
        if (frame.last <= last) continue;
        if (frame.previous !== last) problems.push(`${writer}: a frame continues after ${frame.previous}, but the one before ended with ${last}`);
        last = frame.last;
        for (const [seen, hlc] of frame.context.entries()) {
          if (seen !== writer && hlc >= frame.first) problems.push(`${writer}: version ${frame.first} is not later than ${hlc} of ${seen}, which it had seen`);
        }
        auditFrame(frame, named, problems, (mutation, cell) => {
          if (mutation.kind === K.Message) messages.push({ at, text: mutation.bytes.toString("latin1", mutation.valueStart, mutation.valueEnd) });
          else mutations.push(publishedOf(mutation, cell, frame, policyVersion));
        });
      }
    }
  }
  return { mutations, messages, problems };
}

/** `named`: what the version before names; `take` gets every mutation, with the name of its cell. */
function auditFrame(frame: Frame, named: Set<string>, problems: string[], take: (mutation: Mutation, cell: string) => void): void {
  let before: number = frame.previous;
  frame.forEach((m) => {
    if (m.hlc < before || (m.hlc <= frame.previous && !m.continues)) problems.push(`${frame.writer}: version ${m.hlc} comes after ${before}`);
    if (m.hlc !== before) named.clear();
    before = m.hlc;
    const cell = cellName(m.db, m.key, cellKindOf(m.kind), m.field);
    const name = m.kind === K.RemoveKey ? `all ${cell}` : cell;
    // The removal of an entry names those that it takes: one command may take several of one id, and add another. A key that
    // came into being anew drops its old deadline, and may get one, within one command; LSET and a read of a list remove in several places.
    const isSaidAgain = SAID_AGAIN.has(m.kind);
    if (named.has(name) && !isSaidAgain) problems.push(`${frame.writer}: version ${m.hlc} was given twice to ${m.key} ${m.field}`);
    if (!isSaidAgain) named.add(name);
    take(m, cell);
  });
  if (before !== frame.last) problems.push(`${frame.writer}: a frame says that it ends with ${frame.last}, but ends with ${before}`);
}

function publishedOf(m: Mutation, cell: string, frame: Frame, policyVersion: number): Published {
  const { kind, hlc, db, key, field, number, birth, sum } = m;
  return {
    writer: frame.writer, hlc, kind, db, key, field, cell, number, birth, sum,
    place: `${db}|${key}`,
    value: isValued(kind) ? m.bytes.toString("latin1", m.valueStart, m.valueEnd) : "",
    context: frame.context,
    unseen: m.detail?.unseen ?? [],
    absorbed: m.detail?.absorbed ?? [],
    creates: m.creates,
    policyVersion,
  };
}

function isValued(kind: MutationKind): boolean {
  const isOfStream = kind >= K.PutEntry && kind <= K.RemoveGroup;
  const isOfList = kind === K.PutElements || kind === K.RemoveElements;
  const isWhole = kind === K.PutString || kind === K.PutWhole || kind === K.PutRegister || kind === K.PutSketch;
  return isOfStream || isOfList || isWhole || kind === K.PutField;
}

const K = MutationKind;

/** Mutations of which one command may make several of one cell. */
const SAID_AGAIN: ReadonlySet<MutationKind> = new Set([K.RemoveExpiry, K.RemoveEntry, K.RemoveElements]);
const CELL_KINDS: string[] = [];
for (const [kind, cellKind] of [
  [K.PutString, "s"], [K.IncrementString, "s"], [K.PutSketch, "s"], [K.PutWhole, "w"], [K.PutRegister, "w"],
  [K.IncrementDecimal, "s"], [K.IncrementDecimalField, "h"],
  [K.PutField, "h"], [K.IncrementField, "h"], [K.RemoveField, "h"],
  [K.AddMember, "e"], [K.RemoveMember, "e"],
  [K.PutScore, "z"], [K.IncrementScore, "z"], [K.RemoveScore, "z"],
  [K.PutEntry, "x"], [K.RemoveEntry, "x"], [K.PutStream, "x"], [K.PutGroup, "g"], [K.RemoveGroup, "g"],
  [K.PutElements, "l"], [K.RemoveElements, "l"],
  [K.PutExpiry, "t"], [K.RemoveExpiry, "t"],
] as const) CELL_KINDS[kind] = cellKind;

/** The kind of cell that a mutation names; "" for the whole key. */
export function cellKindOf(kind: MutationKind): string {
  return CELL_KINDS[kind] ?? "";
}
