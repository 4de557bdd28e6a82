/**
 * A bed for tests: a region, its store, and a server that is played by hand. Bytes of the stream, marks and records of
 * peers are made here; what the region wants done is committed and collected, never carried out.
 */
import { MARK_KEY, encodeMarkHeader, type ApplyBatch, type CellName } from "@meridian/mark";
import { encodeCommand } from "@meridian/resp";
import { blankMutation, decodeRecord, encodeRecord, FrameBuilder, type LogEntry } from "@meridian/wire";
import { HLC_ZERO, hlcOf, MutationKind, VersionVector, writerId, type Hlc, type Mutation, type WriterId } from "@meridian/words";
import type { StateReader, StateWrite, Step } from "./effects.js";
import { Region } from "./region.js";
import type { RegionOptions } from "./region-options.js";

/** A store that also takes transactions. */
export interface BedStore extends StateReader {
  commit(writes: readonly StateWrite[]): void;
}

/** A mutation, copied, with its value as text. */
export type SeenMutation = Omit<Mutation, "bytes" | "valueStart" | "valueEnd"> & { readonly value: string };

/** Names and times that the tests share. */
export const EU = writerId("eu", "0");
export const US = writerId("us", "0");
export const AP = writerId("ap", "0");
export const NOW_MS = 1_800_000_000_000;
export const REPLICATION_ID = "f".repeat(40);

/** A version `ms` after the tests' beginning. */
export function at(ms: number, counter = 0): Hlc {
  return hlcOf(NOW_MS + ms, counter);
}

/** Where and how the server was attached. */
interface Attached {
  readonly offset?: number;
  readonly resumed?: boolean;
}

/** See the module's comment. */
export class RegionBed {
  readonly region: Region;
  readonly store: BedStore;
  /** Records to be published, in order, since this life began. */
  readonly published: { readonly seq: number; readonly writer: WriterId; readonly record: Buffer }[] = [];
  readonly batches: ApplyBatch[] = [];
  readonly reads: Step["read"][number][] = [];
  /** The last offset to be acknowledged. */
  acknowledged: number | undefined;
  nowMs = NOW_MS;
  /** Where the stream ends. */
  fedOffset = 0;

  /** Begins a life of `eu` over a store: attached, not yet fenced. */
  constructor(store: BedStore, attached: Attached = {}, options: Partial<RegionOptions> = {}) {
    this.store = store;
    this.region = new Region({ writer: EU, peers: [US, AP], store, maxDriftMs: 500, cachedSlotsMax: 8, ...options });
    const place = this.region.place;
    const offset = attached.offset ?? place?.offset ?? 0;
    this.fedOffset = offset;
    this.region.onAttached({ replicationId: REPLICATION_ID, offset }, attached.resumed ?? place !== undefined, []);
  }

  /** A life that may apply: fenced, and the fence's mark read. `vector`: what the server's mark said before. */
  static ready(store: BedStore, epoch = 1, vector = new VersionVector(), options: Partial<RegionOptions> = {}): RegionBed {
    const bed = new RegionBed(store, {}, options);
    bed.region.onFenced(epoch);
    bed.feed(["SET", MARK_KEY, encodeMarkHeader({ epoch, seq: 0, vector, deferred: [], settled: [] })]);
    bed.flush();
    return bed;
  }

  /** Commands that the server executed, as the stream carries them. */
  feed(...commands: readonly (readonly (string | Buffer)[])[]): void {
    this.push(bytesOf(commands));
  }

  /** Raw bytes of the stream. */
  push(bytes: Buffer): void {
    this.fedOffset += bytes.length;
    this.region.onStream(bytes, this.nowMs);
  }

  /** The server executed a batch: its mark, with the cells that it skipped, in the stream. The effects do not matter. */
  echo(batch: ApplyBatch, skipped: readonly CellName[] = []): void {
    const mark = Buffer.concat([batch.args[3] as Buffer, ...skipped.map(skippedEntry)]);
    this.feed(["MULTI"], ["SET", MARK_KEY, mark], ["SET", "effect", "of ours"], ["EXEC"]);
  }

  /** One step, committed and collected. */
  flush(): Step {
    const step = this.region.flush(this.nowMs);
    if (step.writes.length > 0) this.store.commit(step.writes);
    this.published.push(...step.publish);
    this.batches.push(...step.apply);
    this.reads.push(...step.read);
    this.acknowledged = step.acknowledge ?? this.acknowledged;
    return step;
  }

  /** The log has taken everything: what is left is the region's own business. */
  get isSettled(): boolean {
    for (const { seq } of this.published) this.region.onPublished(seq);
    this.flush();
    return this.region.isQuiet;
  }

  /** Everything published in this life, decoded. */
  entries(): LogEntry[] {
    return this.published.map(({ writer, record }) => decodeRecord(record, writer));
  }

  /** Every mutation published in this life. */
  mutations(): SeenMutation[] {
    return this.entries().flatMap(({ frames }) => frames.flatMap(mutationsOf));
  }
}

/** Commands as bytes of the stream. */
export function bytesOf(commands: readonly (readonly (string | Buffer)[])[]): Buffer {
  return Buffer.concat(commands.map((command) => encodeCommand(command)));
}

const VALUED: readonly MutationKind[] = [MutationKind.PutString, MutationKind.PutField, MutationKind.PutWhole, MutationKind.PutSketch];
const SUMMED: readonly MutationKind[] = [
  ...[MutationKind.IncrementString, MutationKind.IncrementField, MutationKind.IncrementScore],
  ...[MutationKind.IncrementDecimal, MutationKind.IncrementDecimalField],
];

/** The mutations of a frame, copied; what a kind does not carry is empty. */
export function mutationsOf(frame: LogEntry["frames"][number]): SeenMutation[] {
  const seen: SeenMutation[] = [];
  frame.forEach(({ bytes, valueStart, valueEnd, ...rest }) => {
    const value = VALUED.includes(rest.kind) ? bytes.toString("latin1", valueStart, valueEnd) : "";
    const counts = SUMMED.includes(rest.kind);
    seen.push({ ...rest, value, birth: counts ? rest.birth : HLC_ZERO, sum: counts ? rest.sum : 0n });
  });
  return seen;
}

/** Of a mutation, what a test says; the rest is blank. */
export type SaidMutation = Partial<Mutation> & { readonly value?: string };

/** A record of a peer: one frame. */
export function recordOf(writer: WriterId, previous: Hlc, context: VersionVector, ...mutations: readonly SaidMutation[]): Buffer {
  return recordUnder(0, writer, previous, context, ...mutations);
}

/** The same, of a peer with a table of policies that has this digest. */
export function recordUnder(
  policies: number,
  writer: WriterId,
  previous: Hlc,
  context: VersionVector,
  ...mutations: readonly SaidMutation[]
): Buffer {
  const builder = new FrameBuilder();
  for (const { value, ...rest } of mutations) {
    const bytes = Buffer.from(value ?? "", "latin1");
    builder.add({ ...blankMutation(), number: Infinity, ...rest, bytes, valueStart: 0, valueEnd: value === undefined ? 0 : bytes.length });
  }
  const span = { replicationId: REPLICATION_ID, firstOffset: 0, lastOffset: 1 };
  return encodeRecord(writer, span, [builder.finish(previous, context)], policies);
}

/** As the apply script appends it to a mark. */
function skippedEntry({ kind, db, key, field }: CellName): Buffer {
  const head = Buffer.from(`s${kind}\0\0\0\0\0\0`, "latin1");
  head.writeUInt16BE(db, 2);
  head.writeUInt32BE(key.length, 4);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(field.length);
  return Buffer.concat([head, Buffer.from(key, "latin1"), length, Buffer.from(field, "latin1")]);
}
