/**
 * The replication stream of the model, byte for byte as Redis 7.0 writes it: what one command, script or transaction
 * changed is one unit; a unit of several commands stands in MULTI and EXEC; SELECT comes before the first command of
 * another database: for the first command of a unit before the MULTI, for the others inside.
 */
import { CommandWriter } from "@meridian/resp";

/** Small, because simulated servers are many and short-lived. */
const SLAB_BYTES = 8 * 1024;

/** Collects commands and turns finished units into bytes. */
export class ReplicationFeed {
  readonly #writer = new CommandWriter(SLAB_BYTES);
  #dbs: number[] = [];
  #commands: (readonly string[])[] = [];
  #selected = -1;
  #offset = 0;

  /** Bytes written since the beginning, finished units only. */
  get offset(): number {
    return this.#offset;
  }

  /** Adds a command to the current unit. */
  add(db: number, args: readonly string[]): void {
    this.#dbs.push(db);
    this.#commands.push(args);
  }

  /** Finishes the unit; an empty one leaves no trace. */
  endUnit(): void {
    const count = this.#commands.length;
    if (count === 0) return;
    this.#select(this.#dbs[0] as number);
    if (count > 1) this.#write(["MULTI"]);
    for (let i = 0; i < count; i++) {
      this.#select(this.#dbs[i] as number);
      this.#write(this.#commands[i] as readonly string[]);
    }
    if (count > 1) this.#write(["EXEC"]);
    this.#dbs = [];
    this.#commands = [];
  }

  /** As after a full synchronisation: the next command is preceded by its SELECT. */
  forgetSelected(): void {
    this.#selected = -1;
  }

  /** Bytes of the units finished since the last take. */
  take(): Buffer {
    return this.#writer.take();
  }

  #select(db: number): void {
    if (db === this.#selected) return;
    this.#selected = db;
    this.#write(["SELECT", String(db)]);
  }

  #write(args: readonly string[]): void {
    const before = this.#writer.bytes;
    this.#writer.command(args);
    this.#offset += this.#writer.bytes - before;
  }
}
