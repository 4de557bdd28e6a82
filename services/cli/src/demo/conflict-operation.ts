/**
 * The writes that regions do to the same keys at the same time.
 *
 * Half of them have an exact outcome whatever the order (see ledger.ts); the others are there to collide: the last
 * writer wins, adds meet removes, deletes meet increments of other cells, deadlines meet longer deadlines.
 */
import type { Ledger } from "./ledger.js";

/** One command, or the commands of one transaction, and what their acknowledgement is worth. */
export interface Operation {
  readonly commands: readonly (readonly [string, ...(string | number)[]])[];
  readonly transaction: boolean;
  /** Booked when every reply came without error. */
  readonly book?: (ledger: Ledger) => void;
}

/** Makes operations for one region. `random` gives numbers from 0 to 1. */
export class OperationSource {
  readonly #region: string;
  readonly #random: () => number;
  #sequence = 0;

  constructor(region: string, random: () => number) {
    this.#region = region;
    this.#random = random;
  }

  /** The next operation. */
  next(): Operation {
    let at = this.#random() * TOTAL_WEIGHT;
    for (const [weight, make] of MIX) {
      if (at < weight) return make(this);
      at -= weight;
    }
    return MIX[0]![1](this);
  }

  /** A whole number from 0 to `below` - 1. */
  pick(below: number): number {
    return Math.floor(this.#random() * below);
  }

  /** A name that no other operation of any region has. */
  unique(): string {
    return `${this.#region}-${(this.#sequence += 1)}`;
  }
}

function single(...command: [string, ...(string | number)[]]): Operation {
  return { commands: [command], transaction: false };
}

const MIX: readonly (readonly [weight: number, make: (source: OperationSource) => Operation])[] = [
  [16, increment],
  [8, decrement],
  [10, tally],
  [8, score],
  [4, transfer],
  [6, join],
  [10, (source) => single("SET", `demo:text:${source.pick(200)}`, source.unique())],
  [3, (source) => single("DEL", `demo:text:${source.pick(200)}`)],
  [6, (source) => single("SADD", `demo:tags:${source.pick(10)}`, `tag-${source.pick(40)}`)],
  [4, (source) => single("SREM", `demo:tags:${source.pick(10)}`, `tag-${source.pick(40)}`)],
  [6, (source) => single("HSET", `demo:profile:${source.pick(20)}`, `field-${source.pick(12)}`, source.unique())],
  [3, (source) => single("HDEL", `demo:profile:${source.pick(20)}`, `field-${source.pick(12)}`)],
  [5, (source) => single("ZADD", `demo:rank:${source.pick(5)}`, source.pick(1_000) / 4, `player-${source.pick(40)}`)],
  [2, (source) => single("ZREM", `demo:rank:${source.pick(5)}`, `player-${source.pick(40)}`)],
  [1, (source) => single("DEL", `demo:profile:${source.pick(20)}`, `demo:tags:${source.pick(10)}`)],
  [4, (source) => single("SET", `demo:session:${source.pick(100)}`, source.unique(), "PX", 1_000 + source.pick(60_000))],
  [2, (source) => single("PEXPIRE", `demo:session:${source.pick(100)}`, 1_000 + source.pick(90_000))],
  [1, (source) => single("PERSIST", `demo:session:${source.pick(100)}`)],
  [0.5, (source) => single("APPEND", `demo:note:${source.pick(5)}`, `${source.pick(10)}`)],
  [0.3, recent],
];
const TOTAL_WEIGHT = MIX.reduce((sum, [weight]) => sum + weight, 0);

const COUNTERS = 20;

function increment(source: OperationSource): Operation {
  const key = `demo:counter:${source.pick(COUNTERS)}`;
  const amount = source.pick(3) === 0 ? 1 + source.pick(1_000) : 1;
  const command: [string, ...(string | number)[]] = amount === 1 ? ["INCR", key] : ["INCRBY", key, amount];
  return { commands: [command], transaction: false, book: (ledger) => ledger.add({ kind: "counter", key }, amount) };
}

function decrement(source: OperationSource): Operation {
  const key = `demo:counter:${source.pick(COUNTERS)}`;
  const amount = source.pick(3) === 0 ? 1 + source.pick(500) : 1;
  const command: [string, ...(string | number)[]] = amount === 1 ? ["DECR", key] : ["DECRBY", key, amount];
  return { commands: [command], transaction: false, book: (ledger) => ledger.add({ kind: "counter", key }, -amount) };
}

function tally(source: OperationSource): Operation {
  const key = "demo:tally";
  const field = `field-${source.pick(10)}`;
  const amount = source.pick(21) - 10;
  const book = (ledger: Ledger): void => ledger.add({ kind: "field", key, field }, amount);
  return { commands: [["HINCRBY", key, field, amount]], transaction: false, book };
}

function score(source: OperationSource): Operation {
  const key = "demo:board";
  const member = `player-${source.pick(20)}`;
  const amount = 1 + source.pick(10);
  const book = (ledger: Ledger): void => ledger.add({ kind: "score", key, member }, amount);
  return { commands: [["ZINCRBY", key, amount, member]], transaction: false, book };
}

function transfer(source: OperationSource): Operation {
  const from = `demo:account:${source.pick(10)}`;
  const to = `demo:account:${source.pick(10)}`;
  const amount = 1 + source.pick(100);
  return {
    commands: [
      ["DECRBY", from, amount],
      ["INCRBY", to, amount],
    ],
    transaction: true,
    book: (ledger) => {
      ledger.add({ kind: "counter", key: from }, -amount);
      ledger.add({ kind: "counter", key: to }, amount);
    },
  };
}

function join(source: OperationSource): Operation {
  const key = `demo:seen:${source.pick(5)}`;
  return { commands: [["SADD", key, source.unique()]], transaction: false, book: (ledger) => ledger.addMember(key) };
}

/** A list of what came last: every region pushes, every region trims. */
function recent(source: OperationSource): Operation {
  const key = `demo:recent:${source.pick(3)}`;
  return {
    commands: [
      ["LPUSH", key, source.unique()],
      ["LTRIM", key, 0, 9],
    ],
    transaction: true,
  };
}
