/**
 * Records of one commit, written one behind the other into one buffer: no buffer of its own, and no copy, for each of them.
 *
 * Promise: until the next {@link PackedRecords.begin} the bytes stay; the commit must be carried out before that.
 */
import { ByteWriter } from "@meridian/wire";
import type { StateWrite } from "../effects.js";

/** A record among the bytes of all. */
export class PackedWrite implements StateWrite {
  readonly table = "cell";
  readonly key: string;
  value: Buffer | undefined = undefined;
  start = 0;
  end = 0;

  constructor(key: string) {
    this.key = key;
  }
}

/** See the module's comment. */
export class PackedRecords {
  /** Where the next record is to be written. */
  readonly bytes = new ByteWriter();
  #writes: PackedWrite[] = [];
  #start = 0;

  /** Begins a commit: what the last one was given is no longer there. */
  begin(): void {
    this.bytes.clear();
    this.#start = 0;
  }

  /** What was written since the last call is the record of this key. */
  add(writes: StateWrite[], key: string): void {
    const write = new PackedWrite(key);
    write.start = this.#start;
    write.end = this.#start = this.bytes.length;
    this.#writes.push(write);
    writes.push(write);
  }

  /** Ends a commit: only now is it known in which buffer its records stand, for that grew. */
  close(): void {
    if (this.#writes.length === 0) return;
    const { buffer } = this.bytes;
    for (const write of this.#writes) write.value = buffer;
    this.#writes = [];
  }
}
