/**
 * One client that writes to one region at a steady rate, and books what was acknowledged.
 *
 * The next batch is sent when the last one is answered, so a slow server slows it down and nothing piles up here.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { ChainableCommander, Redis } from "ioredis";
import { OperationSource, type Operation } from "./conflict-operation.js";
import type { Ledger } from "./ledger.js";

/** Operations sent at once. */
export const BATCH_OPERATIONS_MAX = 200;
const TICK_MS = 10;

/** Writes to one region until `signal` fires, whenever it is its `turn`; resolves when the last reply is in. */
export async function writeConflicts(
  region: string,
  client: Redis,
  operationsPerSecond: number,
  ledger: Ledger,
  signal: AbortSignal,
  random: () => number = Math.random,
  turn: () => Promise<void> | undefined = () => undefined,
): Promise<void> {
  const source = new OperationSource(region, random);
  const startedMs = performance.now();
  for (let sent = 0; !signal.aborted; ) {
    await turn();
    const due = Math.floor(((performance.now() - startedMs) * operationsPerSecond) / 1_000) - sent;
    const batch = Array.from({ length: Math.min(due, BATCH_OPERATIONS_MAX) }, () => source.next());
    sent += Math.max(due, 0); // what was missed while the server was slow, or others behind it, is not made up for
    if (batch.length > 0) await send(client, batch, ledger);
    await delay(TICK_MS);
  }
}

async function send(client: Redis, batch: readonly Operation[], ledger: Ledger): Promise<void> {
  const pipeline = client.pipeline();
  for (const operation of batch) queue(pipeline, operation);
  const replies = await pipeline.exec().catch(() => null);
  let at = 0;
  for (const { commands, transaction, book } of batch) {
    const own = replies?.slice(at, (at += commands.length + (transaction ? 2 : 0)));
    const errors = own?.filter(([error]) => error !== null).map(([error]) => error!) ?? [];
    if (own === undefined || errors.some((error) => error.name !== "ReplyError")) ledger.unanswered += commands.length;
    else if (errors.length > 0) ledger.refused += commands.length;
    else {
      ledger.acknowledged += commands.length;
      book?.(ledger);
    }
  }
}

function queue(pipeline: ChainableCommander, { commands, transaction }: Operation): void {
  if (transaction) pipeline.call("MULTI");
  for (const [name, ...rest] of commands) pipeline.call(name, ...rest);
  if (transaction) pipeline.call("EXEC");
}
