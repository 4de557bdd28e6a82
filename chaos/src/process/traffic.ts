/**
 * Clients that write conflicting commands to every region of a mesh at once, and book what was acknowledged.
 *
 * Promises that {@link Traffic.stop} returns when the last reply is in. The seed makes each client's commands the same
 * in every run; how they meet the other regions' commands is up to the processes.
 */
import { Ledger, writeConflicts, type Inexact, type Mesh } from "@meridian/cli";
import { Redis } from "ioredis";
import { Random } from "../sim/random.js";

/** Numbers from 0 to 1 are made with so many steps. */
const STEPS = 2 ** 30;

/** See the module's comment. */
export class Traffic {
  readonly ledger = new Ledger();
  readonly #clients: readonly { readonly region: string; readonly client: Redis }[];
  readonly #stop = new AbortController();
  readonly #writers: readonly Promise<void>[];

  /** Begins to write `operationsPerSecond` to each of the named regions, all by default. */
  constructor(mesh: Mesh, seed: number, operationsPerSecond: number, regions: readonly string[] = mesh.regions.map((one) => one.region)) {
    this.#clients = mesh.regions.map(({ region, url }) => ({ region, client: patientClient(url) }));
    this.#writers = this.#clients
      .filter(({ region }) => regions.includes(region))
      .map(({ region, client }, index) => {
        const random = new Random(seed + index);
        const share = (): number => random.below(STEPS) / STEPS;
        return writeConflicts(region, client, operationsPerSecond, this.ledger, this.#stop.signal, share);
      });
  }

  /** Ends the writing; resolves when every command was answered. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#writers);
  }

  /** Compares counters, scores and growing sets of every region with what was acknowledged. */
  check(): Promise<Inexact[]> {
    return this.ledger.check(this.#clients);
  }

  /** Closes the connections. */
  close(): void {
    for (const { client } of this.#clients) client.disconnect();
  }
}

/** A client whose errors are those of its commands, and which sends no command twice. */
function patientClient(url: string): Redis {
  const client = new Redis(url, { autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0, retryStrategy: () => 20 });
  client.on("error", () => undefined);
  return client;
}
