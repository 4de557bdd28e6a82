/**
 * The traffic of a benchmark, as commands written into a buffer: nothing else is done per command.
 *
 * Keys and values are random within stated ranges; the numbers come from a small generator with a seed, because
 * `Math.random` and template strings would be a good part of the load process' time.
 */
import type { CommandWriter } from "@meridian/resp";

/** What to write. */
export type WorkloadName = "set" | "mixed" | "counters";

/** All of them, with what they are. */
export const WORKLOADS: Readonly<Record<WorkloadName, string>> = {
  set: "small SETs over all keys",
  mixed: "SET, SET with expiry, INCR, HSET, HINCRBY, SADD, SREM, ZADD, ZINCRBY, DEL",
  counters: "INCRBY on 100 hot counters",
};

/** Ranges. */
export interface WorkloadShape {
  readonly keys: number;
  readonly valueBytes: number;
  readonly seed: number;
}

const HOT_COUNTERS = 100;
const FIELDS = 20;
const VALUES = 256;

/** Writes commands; see the module's comment. */
export class Workload {
  readonly #writeOne: (writer: CommandWriter) => void;
  readonly #keys: number;
  readonly #values: readonly string[];
  #state: number;
  #sequence = 0;

  constructor(name: WorkloadName, { keys, valueBytes, seed }: WorkloadShape) {
    this.#keys = keys;
    this.#state = seed | 1;
    this.#values = Array.from({ length: VALUES }, (_, index) => String(index).padStart(3, "0").padEnd(valueBytes, "abcdefgh"));
    this.#writeOne = { set: this.#set, mixed: this.#mixed, counters: this.#counter }[name].bind(this);
  }

  /** Writes `count` commands; each gives one reply without a bulk in it. */
  write(writer: CommandWriter, count: number): void {
    for (let index = 0; index < count; index += 1) this.#writeOne(writer);
  }

  /** Writes a SET of each key in turn, so that all exist. */
  fill(writer: CommandWriter, count: number): void {
    for (let index = 0; index < count; index += 1) {
      writer.command(["SET", keyName("key", this.#sequence), this.#values[this.#sequence % VALUES]!]);
      this.#sequence = (this.#sequence + 1) % this.#keys;
    }
  }

  #set(writer: CommandWriter): void {
    writer.command(["SET", keyName("key", this.#below(this.#keys)), this.#values[this.#below(VALUES)]!]);
  }

  #counter(writer: CommandWriter): void {
    writer.command(["INCRBY", keyName("hot", this.#below(HOT_COUNTERS)), 1 + this.#below(9)]);
  }

  #mixed(writer: CommandWriter): void {
    const share = this.#below(100);
    const id = this.#below(this.#keys);
    const value = this.#values[this.#below(VALUES)]!;
    if (share < 35) writer.command(["SET", keyName("key", id), value]);
    else if (share < 45) writer.command(["SET", keyName("session", id), value, "PX", 60_000]);
    else if (share < 55) writer.command(["INCR", keyName("counter", id)]);
    else if (share < 67) writer.command(["HSET", keyName("hash", id), keyName("f", this.#below(FIELDS)), value]);
    else if (share < 74) writer.command(["HINCRBY", keyName("hash", id), "hits", 1]);
    else if (share < 82) writer.command(["SADD", keyName("set", id), keyName("m", this.#below(FIELDS))]);
    else if (share < 85) writer.command(["SREM", keyName("set", id), keyName("m", this.#below(FIELDS))]);
    else if (share < 92) writer.command(["ZADD", keyName("zset", id), this.#below(1_000), keyName("m", this.#below(FIELDS))]);
    else if (share < 96) writer.command(["ZINCRBY", keyName("zset", id), 1 + this.#below(9), keyName("m", this.#below(FIELDS))]);
    else writer.command(["DEL", keyName("key", id)]);
  }

  /** xorshift32. */
  #below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % limit;
  }
}

function keyName(kind: string, id: number): string {
  return `${kind}:${id}`;
}
