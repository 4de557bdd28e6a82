/**
 * One record of the conflict ledger, and its bytes in the store. Records name regions by text and hold everything that
 * is told of them, so that they can be read without the cells that they are about.
 */
import { hash } from "node:crypto";
import { CONFLICT_RULES, valueOfPrint, type ConflictRule } from "@meridian/merge";
import type { ByteReader, ByteWriter } from "@meridian/wire";
import { parseWriterId, type CellKind, type Dot, type Hlc } from "@meridian/words";

/** What lost a conflict, to what, where, by which rule. */
export interface ConflictRecord {
  /** The same in every region that records the conflict: 16 hexadecimal digits. */
  readonly id: string;
  /** When this region merged it, by its agent's clock, in ms since 1970. */
  readonly atMs: number;
  readonly rule: ConflictRule;
  readonly db: number;
  /** Binary strings, as everywhere. */
  readonly key: string;
  /** The kind of cell; `k`: the key as a whole. */
  readonly kind: CellKind | "k";
  readonly field: string;
  readonly loser: Dot;
  /** Names the loser where its last version moves on; its version where that stays. */
  readonly since: Hlc;
  /** Undefined where no single write won, as at the edge of 64 bits. */
  readonly winner: Dot | undefined;
  /** The losing value: bytes of a value, text of a number. Undefined: a removal, or not kept. */
  readonly value: Buffer | undefined;
  /** Bytes of the losing value where they are known, kept or not; undefined for removals and where only a digest was at hand. */
  readonly valueBytes: number | undefined;
  /** The print of the losing value; empty for removals. */
  readonly print: string;
  /** The print of what is visible instead. */
  readonly winnerPrint: string;
}

/** A record as it is stored: its name follows from the rest. */
export interface StoredConflict extends Omit<ConflictRecord, "id" | "value"> {
  /** True where the print holds it whole. */
  readonly value: Buffer | true | undefined;
}

const HAS_WINNER = 1;
const HAS_VALUE = 2;
const HAS_LENGTH = 4;

/** The name of a conflict. What a removal, or an id, lost to does not matter: it is told once. */
export function conflictId(name: Omit<StoredConflict, "atMs" | "value" | "valueBytes" | "print" | "winnerPrint">): string {
  const { rule, db, key, kind, field, loser, since } = name;
  const winner = rule === "remove" || rule === "type" || rule === "moved" ? undefined : name.winner;
  const text = JSON.stringify([rule, db, key, kind, field, loser.writer, since, winner?.writer, winner?.hlc]);
  return hash("sha1", text, "hex").slice(0, 16);
}

/** Appends a record. */
export function writeConflict(out: ByteWriter, record: StoredConflict): void {
  const { winner, value, valueBytes } = record;
  out.byte((winner ? HAS_WINNER : 0) | (value ? HAS_VALUE : 0) | (valueBytes === undefined ? 0 : HAS_LENGTH));
  out.varint(record.atMs);
  out.byte(CONFLICT_RULES.indexOf(record.rule));
  out.varint(record.db);
  out.text(record.kind);
  out.text(record.key);
  out.text(record.field);
  writeDot(out, record.loser);
  out.hlc(record.since);
  if (winner) writeDot(out, winner);
  out.text(record.print);
  out.text(record.winnerPrint);
  if (valueBytes !== undefined) out.varint(valueBytes);
  if (value && value !== true) out.slice(value, 0, value.length);
}

/** Reads the record at which the reader stands; its value is a copy. Throws `BAD_RECORD`. */
export function readConflict(from: ByteReader): ConflictRecord {
  const has = from.byte();
  const atMs = from.varint();
  const rule = CONFLICT_RULES[from.byte()] ?? "register";
  const db = from.varint();
  const kind = from.text() as ConflictRecord["kind"];
  const key = from.text();
  const field = from.text();
  const loser = readDot(from);
  const since = from.hlc();
  const winner = has & HAS_WINNER ? readDot(from) : undefined;
  const print = from.text();
  const winnerPrint = from.text();
  const valueBytes = has & HAS_LENGTH ? from.varint() : undefined;
  const value = has & HAS_VALUE ? (valueOfPrint(print) ?? from.copy()) : undefined;
  const name = { rule, db, key, kind, field, loser, since, winner };
  return { rule, db, key, kind, field, loser, since, winner, id: conflictId(name), atMs, value, valueBytes, print, winnerPrint };
}

function writeDot(out: ByteWriter, { writer, hlc }: Dot): void {
  out.text(writer);
  out.hlc(hlc);
}

function readDot(from: ByteReader): Dot {
  return { writer: parseWriterId(from.text()), hlc: from.hlc() };
}
