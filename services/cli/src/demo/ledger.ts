/**
 * What the servers acknowledged, and what must therefore be there at the end.
 *
 * Only what has an exact outcome whatever the order is booked: increments of counters, of hash fields and of scores,
 * and members that are added once and never removed. A reply that never came makes the outcome uncertain; it is counted
 * and spoils exactness, which is then not claimed.
 */
import type { Redis } from "ioredis";

/** One cell whose final value is known. */
export type Cell =
  | { readonly kind: "counter"; readonly key: string }
  | { readonly kind: "field"; readonly key: string; readonly field: string }
  | { readonly kind: "score"; readonly key: string; readonly member: string };

/** A cell that does not hold what was acknowledged. */
export interface Inexact {
  readonly what: string;
  readonly expected: number;
  readonly found: Readonly<Record<string, number>>;
}

/** See the module's comment. One for all regions. */
export class Ledger {
  readonly #totals = new Map<string, { readonly cell: Cell; total: number }>();
  readonly #members = new Map<string, number>();
  /** Commands acknowledged. */
  acknowledged = 0;
  /** Commands refused with an error. */
  refused = 0;
  /** Commands whose reply never came. */
  unanswered = 0;

  /** Books an acknowledged increment. */
  add(cell: Cell, amount: number): void {
    const name = cellName(cell);
    const entry = this.#totals.get(name);
    if (entry === undefined) this.#totals.set(name, { cell, total: amount });
    else entry.total += amount;
  }

  /** Books an acknowledged new member of a set that only grows. */
  addMember(key: string): void {
    this.#members.set(key, (this.#members.get(key) ?? 0) + 1);
  }

  /** How many cells have a known outcome. */
  get cells(): number {
    return this.#totals.size + this.#members.size;
  }

  /** Compares with what every region holds. */
  async check(regions: readonly { readonly region: string; readonly client: Redis }[]): Promise<Inexact[]> {
    const inexact: Inexact[] = [];
    const compare = async (what: string, expected: number, read: (client: Redis) => Promise<unknown>): Promise<void> => {
      const found = await Promise.all(regions.map(async ({ region, client }) => [region, Number((await read(client)) ?? 0)] as const));
      if (found.some(([, value]) => value !== expected)) inexact.push({ what, expected, found: Object.fromEntries(found) });
    };
    for (const [name, { cell, total }] of this.#totals) await compare(name, total, (client) => readCell(client, cell));
    for (const [key, count] of this.#members) await compare(`members of ${key}`, count, (client) => client.scard(key));
    return inexact;
  }
}

function cellName(cell: Cell): string {
  if (cell.kind === "counter") return cell.key;
  return cell.kind === "field" ? `${cell.key}[${cell.field}]` : `${cell.key}<${cell.member}>`;
}

function readCell(client: Redis, cell: Cell): Promise<unknown> {
  if (cell.kind === "counter") return client.get(cell.key);
  return cell.kind === "field" ? client.hget(cell.key, cell.field) : client.zscore(cell.key, cell.member);
}
