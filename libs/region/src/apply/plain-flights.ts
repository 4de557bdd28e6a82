/**
 * Received writes of plain strings on their way into the server: what a cell with one pending change would be, for keys of
 * which no more is known than one value without a deadline, or nothing at all. Most of what peers write is that, and needs
 * neither an entry nor a cell.
 *
 * Promise: whoever asks for the entry of such a key gets it with the change pending and issued, as if it had never been here:
 * a flight then *lands* as a cell of its frame and of its batch. One that nobody asked for until its mark was read is over with
 * the record of the new value.
 */
import { digestPrintOf, looksLikeSketch, PRINT_INLINE_BYTES_MAX, type CellChange } from "@meridian/merge";
import type { ApplyBatch } from "@meridian/mark";
import type { Frame } from "@meridian/wire";
import { MutationKind, type Hlc, type Mutation } from "@meridian/words";
import { readPlainRecord } from "../keys/entry-codec.js";
import type { CellSlot } from "../keys/key-entry.js";
import { hashOfName, NameTable } from "../keys/name-table.js";
import type { PlainSibling } from "../keys/slot-codec.js";
import type { PlainPrint } from "../keys/value-slice.js";
import type { WriterTable } from "../keys/writer-table.js";

/** A frame that was taken, with the cells that it changes. */
export interface FlyingFrame {
  readonly frame: Frame;
  readonly slots: CellSlot[];
  readonly flights: PlainFlight[];
}

/** A batch that was issued, with its cells. */
export interface FlyingBatch {
  readonly seq: number;
  readonly slots: CellSlot[];
}

const NO_DOTS: CellChange["unseen"] = [];
const NO_SUMS: CellChange["absorbed"] = [];

/** One write; see the module's comment. */
export class PlainFlight {
  readonly db: number;
  readonly key: string;
  /** Of the key's record, with its hash. */
  readonly name: string;
  readonly hash: number;
  readonly hlc: Hlc;
  readonly value: Buffer | string;
  readonly print: PlainPrint;
  /** What the server holds: nothing, `expected`, or what has it as its digest. */
  readonly #expect: "-" | "=" | "#";
  readonly #expected: string;
  readonly #creates: boolean;
  readonly #from: FlyingFrame;
  #batch: FlyingBatch | undefined;
  /** Nobody has asked for the key's entry. */
  isFlying = true;

  constructor(m: Mutation, name: string, hash: number, held: PlainSibling | undefined, from: FlyingFrame) {
    const { bytes, valueStart: start, valueEnd: end } = m;
    const isShort = end - start <= PRINT_INLINE_BYTES_MAX;
    this.db = m.db;
    this.key = m.key;
    this.name = name;
    this.hash = hash;
    this.hlc = m.hlc;
    this.value = isShort ? bytes.toString("latin1", start, end) : bytes.subarray(start, end);
    this.print = isShort ? { bytes, start, end } : digestPrintOf(bytes, start, end);
    this.#expect = held === undefined ? "-" : held.isDigest ? "#" : "=";
    this.#expected = held === undefined ? "" : held.held;
    this.#creates = m.creates;
    this.#from = from;
  }

  /** The batch that carries it; 0: none yet. */
  get seq(): number {
    return this.#batch?.seq ?? 0;
  }

  /** Adds what is to be written to the batch that carries its frame. */
  issue(into: ApplyBatch, batch: FlyingBatch): void {
    const { db, key, value } = this;
    this.#batch = batch;
    if (this.#isEqual) return;
    into.setString(db, key, this.#expect, this.#expected, value, -1);
  }

  /** From here on it is a change of a cell, which stands in its frame, and in its batch if it has one. */
  land(slot: CellSlot): void {
    const batch = this.#batch;
    this.isFlying = false;
    slot.addPending(this.#change());
    this.#from.slots.push(slot);
    if (!batch) return;
    slot.issued = { seq: batch.seq, how: this.#isEqual ? "nothing" : "write", delta: 0n, deadline: undefined };
    batch.slots.push(slot);
  }

  /** No string is made for it. */
  get #isEqual(): boolean {
    const { print, value } = this;
    const expected = this.#expected;
    if (typeof print !== "string") return this.#expect === "=" && expected === value;
    return this.#expect === "#" && print.length === expected.length + 1 && print.endsWith(expected);
  }

  get #printText(): string {
    return typeof this.print === "string" ? this.print : `=${this.value as string}`;
  }

  #change(): CellChange {
    const { hlc, value } = this;
    const { writer, context } = this.#from.frame;
    return {
      action: "put",
      writer,
      hlc,
      print: this.#printText,
      number: Infinity,
      value: typeof value === "string" ? undefined : value,
      birth: hlc,
      sum: 0n,
      context,
      ahead: undefined,
      unseen: NO_DOTS,
      absorbed: NO_SUMS,
      creates: this.#creates,
    };
  }

  /** Whose write it is. */
  get writer(): Frame["writer"] {
    return this.#from.frame.writer;
  }
}

/** Reads the record of a name. */
type ReadRecord = (name: string) => Buffer | undefined;

/** All that are on their way, by the names of their keys' records. */
export class PlainFlights {
  readonly #flights = new NameTable<PlainFlight>();

  get size(): number {
    return this.#flights.size;
  }

  has(name: string): boolean {
    return this.#flights.size > 0 && this.#flights.get(name, hashOfName(name)) !== undefined;
  }

  /**
   * Begins a flight, with what `read` finds as what is known of the key. Undefined where more is known, where one is under way,
   * or the writer had not seen what it replaces: then it must be merged.
   */
  begin(m: Mutation, name: string, read: ReadRecord, from: FlyingFrame, writers: WriterTable): PlainFlight | undefined {
    const hash = hashOfName(name);
    if (this.#flights.get(name, hash)) return undefined;
    const record = read(name);
    const held = record && readPlainRecord(record);
    if (record && !held) return undefined;
    if (held) {
      const { writer, context } = from.frame;
      const other = writers.at(held.writer);
      if (other === writer ? held.hlc >= m.hlc : !context.covers(other, held.hlc)) return undefined;
    }
    const flight = new PlainFlight(m, name, hash, held, from);
    this.#flights.set(flight);
    from.flights.push(flight);
    return flight;
  }

  /** Ends the flight of a key, if there is one. */
  take(name: string): PlainFlight | undefined {
    return this.#flights.size === 0 ? undefined : this.#flights.take(name, hashOfName(name));
  }

  /** Ends a flight. */
  end({ name, hash }: PlainFlight): void {
    this.#flights.take(name, hash);
  }
}

/** True for a received write that may be all that is known of its key: a value without a deadline and without more to say. */
export function mayBePlain({ kind, number, detail, bytes, valueStart, valueEnd }: Mutation): boolean {
  return kind === MutationKind.PutString && number === Infinity && !detail && !looksLikeSketch(bytes, valueStart, valueEnd);
}
