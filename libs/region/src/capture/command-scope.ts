/** What handlers of commands work upon. */
import { argumentText, type ArgumentView } from "@meridian/commands";
import { isReserved } from "@meridian/mark";
import type { RegionCounters } from "../counters.js";
import type { KeyEntry } from "../keys/key-entry.js";
import type { KeySpace } from "../keys/key-space.js";
import type { ListWrites } from "./list-writes.js";
import type { LocalStreams } from "./local-streams.js";
import type { LocalWrites } from "./local-writes.js";

/** See the module's comment. */
export interface CommandScope {
  db: number;
  readonly keys: KeySpace;
  readonly writes: LocalWrites;
  readonly streams: LocalStreams;
  readonly lists: ListWrites;
  /** True while keys may hold what nobody knows. */
  readonly isImporting: () => boolean;
  /** Only reading the key tells what it holds now. */
  readonly blind: (entry: KeyEntry) => void;
  /** The command did something to the key that only the read to come will tell. */
  readonly unread: (entry: KeyEntry) => void;
  readonly nowMs: () => number;
  readonly counters: RegionCounters;
  /** The command at hand is the increment of a float, in the form of a SET or HSET of its result. */
  isFloat: boolean;
  /** Notes that a part of the command stays in this region. */
  readonly onPartial: (name: string) => void;
}

/** Handles one command. */
export type LocalCommand = (view: ArgumentView, scope: CommandScope) => void;

/** A key of ours beside keys of users: it is passed over. */
export function isOurs(view: ArgumentView, index: number): boolean {
  return isReserved(view.buffer, view.starts[index] ?? 0, view.ends[index] ?? 0);
}

/** The entry of a key, unless it is one of ours or what it holds is unknown until it has been read. */
export function entryAt(view: ArgumentView, index: number, scope: CommandScope): KeyEntry | undefined {
  if (isOurs(view, index)) return undefined;
  const entry = scope.keys.entry(scope.db, argumentText(view, index));
  if (!entry.blind) return entry;
  scope.unread(entry);
  return undefined;
}
