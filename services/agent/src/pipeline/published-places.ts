/**
 * Whether a store is as new as what its agent has published: a store that is older would give versions a second time, and the
 * other regions would take new writes for old ones. The end of the own log tells.
 */
import { comparePositions, type LogPosition, type LogRecord, type MutationLog } from "@meridian/log";
import { lastGiven, STORE_BEHIND_ADVICE } from "@meridian/region";
import type { Store } from "@meridian/store";
import { decodeOwnRecord, type Frame } from "@meridian/wire";
import { HLC_ZERO, MeridianError, type WriterId } from "@meridian/words";

/** Where an agent keeps what it has done. */
export interface Kept {
  readonly log: MutationLog;
  readonly store: Store;
}

type Records = AsyncGenerator<readonly LogRecord[]>;

/** Up to where the own logs are known to hold this agent's records; what stands behind that is looked at when it starts. */
export class PublishedPlaces {
  readonly #places = new Map<WriterId, LogPosition>();

  note(own: WriterId, position: LogPosition): void {
    this.#places.set(own, position);
  }

  /** Now and then: an older place is as good, and costs a longer look. */
  keepIn(store: Store): void {
    if (this.#places.size === 0) return;
    store.commit([...this.#places].map(([own, position]) => ({ table: "state", key: placeKey(own), value: Buffer.from(position) })));
    this.#places.clear();
  }
}

/** Reads `writer`'s own logs from there to their ends. Throws `STORE_BEHIND` where they hold what the store does not know of. */
export async function refuseOldStore(from: Kept, writer: WriterId, logs: readonly WriterId[], signal: AbortSignal): Promise<void> {
  const known = lastGiven(from.store, writer);
  if (known.size === 0) return;
  for (const own of logs) {
    const last = known.get(own) ?? HLC_ZERO;
    for await (const frame of framesBehind(from, own, signal)) {
      if (frame.mutations === 0 || frame.last <= last) continue;
      const message = `the log holds what ${own} wrote up to version ${frame.last}, but its store has given versions up to ${last} only`;
      throw new MeridianError("STORE_BEHIND", message, { advice: STORE_BEHIND_ADVICE });
    }
  }
}

async function* framesBehind({ log, store }: Kept, own: WriterId, signal: AbortSignal): AsyncGenerator<Frame> {
  const end = await log.end(own);
  const from = store.get("state", placeKey(own))?.toString() as LogPosition | undefined;
  if (end === undefined || (from !== undefined && comparePositions(from, end) >= 0)) return;
  for await (const records of fromKept(log, own, from, signal)) {
    for (const { bytes } of records) yield* decodeOwnRecord(bytes, own).frames;
    const read = records.at(-1)?.position;
    if (read !== undefined && comparePositions(read, end) >= 0) return;
  }
}

/** Where the log no longer keeps the place, from the first record that it keeps. */
async function* fromKept(log: MutationLog, own: WriterId, from: LogPosition | undefined, signal: AbortSignal): Records {
  try {
    yield* log.read(own, from, signal);
  } catch (error) {
    if (!(error instanceof MeridianError) || error.code !== "RECORD_GAP" || from === undefined) throw error;
    yield* log.read(own, undefined, signal);
  }
}

function placeKey(writer: WriterId): string {
  return `published:${writer}`;
}
