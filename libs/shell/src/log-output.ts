/**
 * Where log lines leave the process: a file descriptor, written in the background.
 *
 * The log must never hold up or end the service. A reader that stalls costs at most {@link BUFFER_BYTES_MAX} of memory;
 * beyond it lines are dropped, and when there is room again one line says how many. A reader that has gone, or a full
 * disk, costs the lines and nothing else.
 */
import { write } from "node:fs";

/** Bytes that may wait for a slow reader. */
export const BUFFER_BYTES_MAX = 4 * 1024 * 1024;

/** Bytes handed to the system at once. */
const WRITE_BYTES_MAX = 64 * 1024;

/** Pause before trying again where the descriptor takes nothing at the moment, in milliseconds. */
const RETRY_MS = 50;

/** Lines on their way to a file descriptor. */
export class LogOutput {
  readonly #fd: number;
  /** Makes the line that says how many were dropped. */
  readonly #dropLine: (count: number) => string;
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #writing = false;
  #untold = 0;
  #droppedLines = 0;
  readonly #idle: (() => void)[] = [];

  constructor(fd: number, dropLine: (count: number) => string) {
    this.#fd = fd;
    this.#dropLine = dropLine;
  }

  /** Lines dropped so far. */
  get droppedLines(): number {
    return this.#droppedLines;
  }

  /** Takes a line that ends with a newline. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#waitingBytes + bytes.length > BUFFER_BYTES_MAX) {
      this.#droppedLines += 1;
      this.#untold += 1;
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (!this.#writing) this.#writeNext();
  }

  /** Resolves with true once everything is written, or with false after `msMax` milliseconds. */
  flush(msMax: number): Promise<boolean> {
    if (!this.#writing) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), msMax);
      this.#idle.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  #writeNext(): void {
    const chunk = this.#take();
    this.#writing = chunk.length > 0;
    if (this.#writing) this.#writeChunk(chunk);
    else for (const idle of this.#idle.splice(0)) idle();
  }

  #take(): Buffer {
    if (this.#untold > 0 && this.#waitingBytes < BUFFER_BYTES_MAX / 2) {
      const line = Buffer.from(this.#dropLine(this.#untold));
      this.#untold = 0;
      this.#waiting.push(line);
      this.#waitingBytes += line.length;
    }
    let bytes = 0;
    let lines = 0;
    for (const line of this.#waiting) {
      if (lines > 0 && bytes + line.length > WRITE_BYTES_MAX) break;
      bytes += line.length;
      lines += 1;
    }
    this.#waitingBytes -= bytes;
    return Buffer.concat(this.#waiting.splice(0, lines), bytes);
  }

  #writeChunk(chunk: Buffer): void {
    write(this.#fd, chunk, (error, written) => {
      if (error?.code === "EAGAIN") setTimeout(() => this.#writeChunk(chunk), RETRY_MS);
      else if (error === null && written < chunk.length) this.#writeChunk(chunk.subarray(written));
      else {
        if (error !== null) this.#droppedLines += chunk.filter((byte) => byte === 0x0a).length;
        this.#writeNext();
      }
    });
  }
}
