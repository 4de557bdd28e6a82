/** What one operation of a batch does to a stream: entries, groups, and the stream's own existence. */

/** What is done at one id. `print`: the entry's pairs as bytes if at most 32, behind `=`; else `#` and 16 digits of SHA-1. */
export type EntryStep =
  /** An entry is added: nothing must stand there, or the same. `pairs`: of each field and value u32 length and bytes. */
  | { readonly does: "add"; readonly id: string; readonly pairs: Buffer }
  /** The entry is removed: it must be the one with this print, or be gone. */
  | { readonly does: "remove"; readonly id: string; readonly print: string }
  /** The entry must be the one with this print. */
  | { readonly does: "keep"; readonly id: string; readonly print: string }
  /** The entry is removed here and added there. */
  | { readonly does: "move"; readonly id: string; readonly print: string; readonly to: string };

/** The steps of one cell: all are taken or none. Removals come before additions. */
export interface EntryCell {
  readonly field: string;
  readonly steps: readonly EntryStep[];
}

/** See the module's comment. */
export interface StreamEdit {
  /** The stream is made where it is not there. */
  readonly creates: boolean;
  /** The stream stays when it has neither entries nor groups. */
  readonly keeps: boolean;
  /** The last id is raised to this, where the stream is there and stays. */
  readonly lastId: string;
  /** Entries that come below a group's last delivered id are put into its pending list, under {@link LATE_CONSUMER}. */
  readonly lateToGroups: boolean;
  readonly cells: readonly EntryCell[];
  /** Groups made (`start`: the id behind which they read) or removed. */
  readonly groups: readonly { readonly name: string; readonly start: string | undefined }[];
}

/** The consumer under whose name late entries wait to be claimed. */
export const LATE_CONSUMER = "meridian:late";

/** A late entry is put in its place by taking away and adding again what is newer: not more than this many entries. */
export const NEWER_ENTRIES_MAX = 100_000;

/** Fields and values of an entry that a script can pass on: Lua's `unpack` takes no more than some 8,000 values. */
export const PAIR_ITEMS_MAX = 7_000;

/** Pairs of up to so many bytes are compared as they are, longer ones by digest. */
export const PRINT_LIMIT_BYTES = 32;

/** First characters of steps. */
export const STEP = { add: "+", remove: "-", move: ">", keep: "=" } as const;

/** The arguments behind the key. */
export function streamEditArgs(edit: StreamEdit): (string | Buffer)[] {
  const flags = `${edit.creates ? "c" : ""}${edit.keeps ? "k" : ""}${edit.lateToGroups ? "l" : ""}`;
  const args: (string | Buffer)[] = [flags, edit.lastId, String(edit.cells.length), String(edit.groups.length)];
  for (const { field, steps } of edit.cells) {
    args.push(field, String(steps.length));
    for (const step of steps) {
      args.push(STEP[step.does], step.id);
      if (step.does === "add") args.push(step.pairs);
      else args.push(step.print);
      if (step.does === "move") args.push(step.to);
    }
  }
  for (const { name, start } of edit.groups) args.push(name, start ?? "");
  return args;
}
