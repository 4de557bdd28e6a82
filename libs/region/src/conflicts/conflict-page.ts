/**
 * A page of the conflict ledger: the records of one commit, one row of the store. Conflicts come in crowds, where regions
 * meet on the same keys, and a row for each of them would cost more than merging does.
 *
 * Limits: `PAGE_RECORDS` records and about `PAGE_BYTES` bytes; what comes beyond begins the next page.
 */
import { ByteReader, ByteWriter } from "@meridian/wire";
import { readConflict, writeConflict, type ConflictRecord, type StoredConflict } from "./conflict-record.js";

/** Most records of a page. Records are numbered by it: do not change it for stores that exist. */
export const PAGE_RECORDS = 256;
const PAGE_BYTES = 128 * 1024;

/** Collects records until they are committed. */
export class ConflictPages {
  readonly #recordsMax: number;
  readonly #bytes = new ByteWriter();
  readonly #closed: Buffer[] = [];
  #count = 0;
  #newestMs = 0;

  /** `recordsMax`: of one page, at most {@link PAGE_RECORDS}. */
  constructor(recordsMax: number) {
    this.#recordsMax = recordsMax;
  }

  get isEmpty(): boolean {
    return this.#count === 0 && this.#closed.length === 0;
  }

  add(record: StoredConflict): void {
    writeConflict(this.#bytes, record);
    this.#count += 1;
    this.#newestMs = Math.max(this.#newestMs, record.atMs);
    if (this.#count === this.#recordsMax || this.#bytes.length >= PAGE_BYTES) this.#close();
  }

  /** All pages so far; begins anew. */
  take(): Buffer[] {
    if (this.#count > 0) this.#close();
    return this.#closed.splice(0);
  }

  #close(): void {
    const head = new Uint8Array(HEAD_BYTES);
    const view = new DataView(head.buffer);
    view.setFloat64(0, this.#newestMs);
    view.setUint16(8, this.#count);
    this.#closed.push(Buffer.concat([head, this.#bytes.take()]));
    this.#count = 0;
    this.#newestMs = 0;
  }
}

const HEAD_BYTES = 10;

/** When the newest record of a page was made, in ms since 1970. */
export function newestMsOf(page: Buffer): number {
  return page.readDoubleBE(0);
}

/** All records of a page, in the order in which they were added. Values are copies. */
export function readPage(page: Buffer): ConflictRecord[] {
  const from = new ByteReader(page, HEAD_BYTES);
  const records: ConflictRecord[] = [];
  for (let left = page.readUInt16BE(8); left > 0; left -= 1) records.push(readConflict(from));
  return records;
}
