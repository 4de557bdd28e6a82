/**
 * The port to the region's server: what apply, read-back and repair need of it, and nothing else.
 *
 * One `Target` is one connection's life. Calls are answered in the order in which they were made; several may be in
 * flight. Whoever owns a target replaces it after a retryable rejection and sends again what was not answered: the
 * chain of batches (epoch, predecessor, sequence number) makes that exactly once.
 */
import type { ApplyBatch, Mark, ReadRequest } from "@meridian/mark";

/**
 * What became of a batch. `OK` applied now · `DUP` this batch or a later one was applied before · `GAP` its predecessor
 * is not there: send that first · `FENCED` the mark has another epoch: somebody else took over · `NOMARK` the server has
 * lost its mark (emptied or restored): nothing is known about it. Only OK wrote anything.
 */
export type ApplyStatus = "OK" | "DUP" | "GAP" | "FENCED" | "NOMARK";

/** Answer to a batch. */
export interface ApplyReply {
  readonly status: ApplyStatus;
  /** Of the mark now in the server; 0 for `NOMARK`. */
  readonly epoch: number;
  readonly seq: number;
  /** Cells that did not match; the mark names them. */
  readonly skipped: number;
}

/** Answer to a read: the values come through the stream. `GAP`: a batch made before it waits
 * for memory, where batches do so, and the read with it. Only `OK` wrote anything. */
export type ReadStatus = "OK" | "GAP" | "FENCED" | "NOMARK";

/** Answer to a fence. */
export interface FenceReply {
  readonly epoch: number;
  readonly mark: Mark;
}

/** One page of a scan; cursor "0" is the end. */
export interface ScanPage {
  readonly cursor: string;
  /** Binary strings; a key may come more than once. */
  readonly keys: string[];
}

/** What a server says of itself. */
export interface ServerFacts {
  readonly kind: "redis" | "valkey";
  /** For example `7.0.15`. */
  readonly version: string;
  readonly runId: string;
  readonly role: "master" | "replica";
  readonly clusterEnabled: boolean;
  readonly replicationId: string;
  readonly replicationOffset: number;
  readonly usedMemoryBytes: number;
  /** 0 without limit. */
  readonly maxMemoryBytes: number;
  readonly maxMemoryPolicy: string;
  /** Keys that it dropped to make room, since it started. */
  readonly evictedKeys: number;
  /** Databases that hold keys. */
  readonly databases: readonly number[];
  /** Names of the modules that it has loaded. */
  readonly modules: readonly string[];
  /** Hashes with fields that have deadlines of their own (Redis 7.4, Valkey 9), of all databases. */
  readonly keysWithFieldDeadlines: number;
}

/** See the module's comment. Every rejection is a `MeridianError`. */
export interface Target {
  /** Takes the server over: no script of an older epoch has an effect afterwards. The new one is beyond `beyond`, also without a mark. */
  fence(beyond?: number): Promise<FenceReply>;
  apply(batch: ApplyBatch): Promise<ApplyReply>;
  /** Reads keys at a position of the stream. `byteLimit`: content per key beyond which it is refused. */
  read(request: ReadRequest, epoch: number, byteLimit: number): Promise<ReadStatus>;
  /** One step of SCAN; begin with cursor "0". `count` is a hint. */
  scan(db: number, cursor: string, count: number): Promise<ScanPage>;
  info(): Promise<ServerFacts>;
  close(): Promise<void>;
}
