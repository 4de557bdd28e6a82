/**
 * Plain strings that were written since the last commit: keys of which no more is known than one value without a
 * deadline. They stand here as the bytes of their records, without an entry or a cell; most writes never need more. What
 * asks for such a key's entry takes it from here.
 *
 * Promise: a key is here or in memory as an entry, never both. Limit: the shell commits after `UNCOMMITTED_MAX` keys.
 */
import { ByteWriter } from "@meridian/wire";
import type { Hlc } from "@meridian/words";
import type { StateWrite } from "../effects.js";
import { writePlainRecord } from "./entry-codec.js";
import { PackedWrite } from "./packed-records.js";
import type { PlainPrint } from "./value-slice.js";

/** See the module's comment. Keys are named by their records ({@link entryKey}). */
export class PlainStrings {
  readonly #bytes = new ByteWriter();
  #writes = new Map<string, PackedWrite>();
  /** What the last commit was given: its bytes stay until the next one is collected. */
  #handedOut = false;

  get size(): number {
    return this.#writes.size;
  }

  /** The key's string is this value, written by the writer of this number. It replaces what was here. */
  put(name: string, writer: number, hlc: Hlc, print: PlainPrint): void {
    if (!this.replace(name, writer, hlc, print)) this.add(name, writer, hlc, print);
  }

  /** {@link put} of a key that is here; false where it is not. */
  replace(name: string, writer: number, hlc: Hlc, print: PlainPrint): boolean {
    const write = this.#writes.get(name);
    if (!write) return false;
    this.#beginAnew();
    this.#write(write, writer, hlc, print);
    return true;
  }

  /** {@link put} of a key that is not here. */
  add(name: string, writer: number, hlc: Hlc, print: PlainPrint): void {
    const write = new PackedWrite(name);
    this.#writes.set(name, write);
    this.#beginAnew();
    this.#write(write, writer, hlc, print);
  }

  #write(write: PackedWrite, writer: number, hlc: Hlc, print: PlainPrint): void {
    write.start = this.#bytes.length;
    writePlainRecord(this.#bytes, writer, hlc, print);
    write.end = this.#bytes.length;
  }

  has(name: string): boolean {
    return this.#writes.has(name);
  }

  /** The key's record, readable until the next {@link put}; undefined: it is not here. */
  get(name: string): Buffer | undefined {
    const write = this.#writes.get(name);
    return write && this.#bytes.buffer.subarray(write.start, write.end);
  }

  /** The key's record, which is to be held as an entry from now on; undefined: it is not here. */
  take(name: string): Buffer | undefined {
    const write = this.#writes.get(name);
    if (!write) return undefined;
    this.#writes.delete(name);
    return this.#bytes.buffer.subarray(write.start, write.end);
  }

  /** Appends everything to a commit, which must be carried out before the next {@link put}. */
  collect(writes: StateWrite[]): void {
    if (this.#writes.size === 0) return;
    const { buffer } = this.#bytes;
    for (const write of this.#writes.values()) {
      write.value = buffer;
      writes.push(write);
    }
    // Not emptied: what was in a map that is used again outlives the young generation (name-table.ts).
    this.#writes = new Map();
    this.#handedOut = true;
  }

  #beginAnew(): void {
    if (!this.#handedOut) return;
    this.#handedOut = false;
    this.#bytes.clear();
  }
}
