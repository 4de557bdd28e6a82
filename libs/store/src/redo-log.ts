/**
 * The redo log: numbered files to which every commit is appended before it is visible.
 *
 * An append is one write to the page cache, which survives the process but not the machine; {@link RedoLog.sync} makes
 * the current file survive the machine too. A new file begins with every generation; files are removed when the tables
 * have everything in them. A failed append is cut off again, so that nothing stands behind a torn record.
 */
import {
  closeSync, fdatasync, fdatasyncSync, ftruncateSync, openSync, readdirSync, readFileSync, rmSync, writeSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { MeridianError } from "@meridian/words";
import type { EncodedRecord } from "./generation.js";

const MAGIC = Buffer.from("meridian redo 1\n");
const NAME = /^redo-(\d{12})\.log$/;
const fdatasyncAsync = promisify(fdatasync);

/** Bytes of a redo file before its first record. */
export const REDO_HEAD_BYTES = MAGIC.length;

/** One file of an earlier life. */
export interface RedoFile {
  readonly number: number;
  readonly bytes: Buffer;
}

/** The open end of the log. */
export class RedoLog {
  readonly #path: string;
  #number: number;
  #fd: number;
  #end: number;
  /** So far the current file is on the disk; 0: not even its name is. */
  #synced = 0;

  /** Begins the file `number` in the folder `path`. */
  constructor(path: string, number: number) {
    this.#path = path;
    this.#number = number;
    [this.#fd, this.#end] = begin(path, number);
  }

  /** The number of the current file. */
  get number(): number {
    return this.#number;
  }

  /** Bytes in the current file. */
  get bytes(): number {
    return this.#end;
  }

  /** Appends one record. Throws `STORE_FULL` and leaves the file as it was where the disk refuses. */
  append(record: EncodedRecord): void {
    try {
      for (let at = record.start; at < record.end; ) {
        at += writeSync(this.#fd, record.bytes, at, record.end - at, this.#end + at - record.start);
      }
    } catch (cause) {
      ftruncateSync(this.#fd, this.#end);
      throw full(this.#path, cause);
    }
    this.#end += record.end - record.start;
  }

  /** Closes the current file and begins the next. Returns what makes the closed one survive a power loss. */
  rotate(): ClosedRedoFile {
    const closed = new ClosedRedoFile(this.#path, this.#number, { fd: this.#fd, bytes: this.#end });
    [this.#fd, this.#end] = begin(this.#path, this.#number + 1);
    this.#number += 1;
    this.#synced = 0;
    return closed;
  }

  /** Forces the current file, as it stands now, to the disk, off the caller's thread. Throws `STORE_FULL` where the disk refuses. */
  async sync(): Promise<void> {
    const { number, bytes } = this;
    if (this.#synced >= bytes) return;
    await forceFile(this.#path, this.#fd, this.#synced === 0, () => this.#number !== number);
    if (this.#number === number) this.#synced = Math.max(this.#synced, bytes);
  }

  close(): void {
    closeSync(this.#fd);
    if (this.#end === REDO_HEAD_BYTES) removeRedoFile(this.#path, this.#number);
  }
}

/** A redo file that is complete and waits for the tables. */
export class ClosedRedoFile {
  readonly number: number;
  readonly bytes: number;
  readonly #path: string;
  #fd: number | undefined;
  #isSynced = false;

  /** A file of an earlier life is not open and need not be synced again. */
  constructor(path: string, number: number, open: { readonly fd: number | undefined; readonly bytes: number }) {
    this.#path = path;
    this.number = number;
    this.bytes = open.bytes;
    this.#fd = open.fd;
  }

  /** Forces the file, and its name in the folder, to the disk, off the caller's thread; once, for nothing more comes. */
  async sync(): Promise<void> {
    if (this.#fd === undefined || this.#isSynced) return;
    await forceFile(this.#path, this.#fd, true, () => this.#fd === undefined);
    this.#isSynced = true;
  }

  /** Forces the file to the disk before returning. */
  syncNow(): void {
    if (this.#fd !== undefined) fdatasyncSync(this.#fd);
  }

  remove(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    removeRedoFile(this.#path, this.number);
  }
}

/** Forces a file, and where `named` its name in the folder, to the disk. `isGone`: the tables have it by now, and it was closed. */
async function forceFile(path: string, fd: number, named: boolean, isGone: () => boolean): Promise<void> {
  try {
    await fdatasyncAsync(fd);
  } catch (cause) {
    if (isGone()) return;
    throw full(path, cause);
  }
  if (!named) return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Removes one redo file, if it is there. */
export function removeRedoFile(path: string, number: number): void {
  rmSync(fileName(path, number), { force: true });
}

/** The redo files of earlier lives, in order. */
export function readRedoFiles(path: string): RedoFile[] {
  return readdirSync(path)
    .flatMap((name) => {
      const match = NAME.exec(name);
      return match === null ? [] : [{ number: Number(match[1]), bytes: readFileSync(join(path, name)) }];
    })
    .sort((a, b) => a.number - b.number);
}

/** Whether the file begins as one of ours; a file that was cut inside its head is empty. */
export function isRedoFile(bytes: Buffer): boolean {
  const head = bytes.subarray(0, REDO_HEAD_BYTES);
  return head.equals(MAGIC.subarray(0, head.length)) || head.every((byte) => byte === 0);
}

function begin(path: string, number: number): [number, number] {
  try {
    const fd = openSync(fileName(path, number), "w");
    writeSync(fd, MAGIC);
    return [fd, REDO_HEAD_BYTES];
  } catch (cause) {
    throw full(path, cause);
  }
}

function fileName(path: string, number: number): string {
  return join(path, `redo-${String(number).padStart(12, "0")}.log`);
}

function full(path: string, cause: unknown): MeridianError {
  return new MeridianError("STORE_FULL", `the store at ${path} cannot be written: ${String(cause)}`, {
    advice: "free disk space or repair the volume; nothing was committed, and a later attempt can succeed",
    retryable: true,
    cause,
  });
}
