/**
 * Turns stored entries back into whole records.
 *
 * Pieces of one record normally stand side by side. After a lost acknowledgement a batch can stand in the log twice,
 * and the late copy can land between the pieces of a later record; so pieces are collected by record, each place
 * once. A record whose writer died half-way is dropped when enough others have passed by.
 */
import type { WriterId } from "@meridian/words";
import { badEntry, RECORD_BYTES_MAX, type StoredEntry } from "./entry.js";
import { GapCheck } from "./gap-check.js";
import type { LogPosition, LogRecord } from "./port.js";
import { compareRaw, decodePosition, encodePosition, type EntryPoint, type PositionParts } from "./position.js";

/** Records that can be incomplete at the same time; one more drops the oldest. */
export const OPEN_RECORDS_MAX = 4;

/** Whole records that may pass after the last piece of an incomplete one before it is dropped: two full batches. */
export const OPEN_RECORD_PASSED_MAX = 2048;

interface OpenRecord {
  readonly pieces: (Buffer | undefined)[];
  readonly resume: EntryPoint | "start";
  missing: number;
  bytes: number;
  passed: number;
}

/** The state of one reader between entries and records. */
export class Reassembly {
  readonly #writer: WriterId;
  readonly #gaps: GapCheck;
  readonly #open = new Map<string, OpenRecord>();
  /** Records up to here were delivered before; entries up to here are only read for their open pieces. */
  #delivered: string | undefined;

  constructor(writer: WriterId, after: LogPosition | undefined) {
    this.#writer = writer;
    const parts: PositionParts | undefined = after === undefined ? undefined : decodePosition(after);
    this.#delivered = parts?.raw;
    this.#gaps = new GapCheck(writer, parts && startOf(parts));
  }

  /** The raw position to read on from; undefined: the earliest entry. */
  get from(): string | undefined {
    return this.#gaps.last?.raw;
  }

  /** The records that these entries complete, in order. Throws `RECORD_GAP`, `BAD_RECORD`. */
  push(entries: readonly StoredEntry[]): readonly LogRecord[] {
    const records: LogRecord[] = [];
    for (const entry of entries) {
      const before = this.#gaps.last;
      this.#gaps.accept(entry);
      const bytes = entry.header.fragment ? this.#addPiece(entry, before) : entry.payload;
      if (bytes === undefined) continue;
      const position = this.#complete(entry);
      if (this.#delivered !== undefined && compareRaw(entry.raw, this.#delivered) <= 0) continue;
      this.#delivered = undefined;
      records.push({ position, bytes });
    }
    return records;
  }

  #addPiece(entry: StoredEntry, before: EntryPoint | undefined): Buffer | undefined {
    const { session, sequence, fragment } = entry.header;
    const { index, count } = fragment as NonNullable<typeof fragment>;
    const id = `${session}:${sequence - index}:${count}`;
    let open = this.#open.get(id);
    if (!open) {
      open = { pieces: new Array<undefined>(count), resume: before ?? "start", missing: count, bytes: 0, passed: 0 };
      this.#open.set(id, open);
      if (this.#open.size > OPEN_RECORDS_MAX) this.#dropOldest();
    }
    open.passed = 0;
    if (open.pieces[index] !== undefined) return undefined;
    open.pieces[index] = entry.payload;
    open.bytes += entry.payload.length;
    open.missing -= 1;
    if (open.bytes > RECORD_BYTES_MAX) {
      throw badEntry(`${this.#writer} at ${entry.raw}`, `its record has more than ${RECORD_BYTES_MAX} bytes`);
    }
    if (open.missing > 0) return undefined;
    this.#open.delete(id);
    return Buffer.concat(open.pieces as Buffer[], open.bytes);
  }

  #complete(entry: StoredEntry): LogPosition {
    let resume: EntryPoint | "start" | undefined;
    for (const [id, open] of this.#open) {
      open.passed += 1;
      if (open.passed > OPEN_RECORD_PASSED_MAX) this.#open.delete(id);
      else resume ??= open.resume;
    }
    const last = this.#gaps.last as EntryPoint;
    return encodePosition({ raw: entry.raw, sequence: last.sequence, session: last.session, resume });
  }

  #dropOldest(): void {
    for (const id of this.#open.keys()) {
      this.#open.delete(id);
      return;
    }
  }
}

function startOf(parts: PositionParts): EntryPoint | undefined {
  if (parts.resume === "start") return undefined;
  return parts.resume ?? parts;
}
