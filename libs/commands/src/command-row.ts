/**
 * What one row of the command table says.
 *
 * A row promises what Meridian does with a command *as a server's replication stream carries it*, which is often not
 * what the client sent. Rows are data: nothing here decides, and nothing here knows a key or a value.
 */

/** What becomes of a command. */
export type Treatment =
  /** The stream carries the result; it is turned into mutations directly. */
  | "captured"
  /** The stream does not carry the result; the written keys are read back behind a mark. */
  | "readback"
  /** The key is replicated as one value (DUMP and RESTORE), last writer wins. */
  | "whole"
  /** A message, not data: relayed where a region is told its channel. */
  | "message"
  /** Replicating it would empty or exchange the dataset of every region: the region is quarantined until someone decides. */
  | "quarantine"
  /** It changes only what belongs to this server. */
  | "local"
  /** It carries the stream itself: transactions, the selected database, keep-alives. */
  | "transport";

/** What the written keys can hold afterwards: cells, a value that is replicated whole, or whichever the key holds. */
export type Holds = "cells" | "whole" | "any";

/** How to find the keys that a command writes, in the form that the stream carries. Argument 0 is the command's name. */
export type KeyFinder =
  | { readonly find: "none" }
  /** `first`, `first + step`, ... up to `last`; a negative `last` counts from the end (-1 is the last argument). */
  | { readonly find: "range"; readonly first: number; readonly last: number; readonly step: number }
  /** Argument `at` says how many keys follow it, each `step` arguments apart. */
  | { readonly find: "count"; readonly at: number; readonly step: number }
  /** The argument behind the last option named in `names`, looked for from `from` on; `skip` lists options with arguments of their own. */
  | {
      readonly find: "option";
      readonly from: number;
      readonly names: readonly string[];
      readonly skip: Readonly<Record<string, number>>;
    }
  /** COPY: argument 2, in another database where the option DB is given. */
  | { readonly find: "copy" }
  /** MOVE: argument 1, here and in the database that argument 2 names. */
  | { readonly find: "move" };

/** The first version that has a command: one number where Redis and Valkey agree (Valkey took over all of Redis 7.2). */
export type Since = string | { readonly redis?: string; readonly valkey?: string };

/** One command, or one subcommand as `container|subcommand`. */
export interface CommandRow<Name extends string = string> {
  /** Lower case. */
  readonly name: Name;
  /** Position in the table: a small dense number to dispatch on. It may change between versions of Meridian. */
  readonly id: number;
  readonly treatment: Treatment;
  readonly holds: Holds;
  /** What the stream carries for it, in the notation of stream-form.ts; a test holds it against a real server. */
  readonly stream: string;
  /** Whether the stream ever carries it under its own name. If not and it does, the server is not one that we know. */
  readonly inStream: boolean;
  readonly keys: KeyFinder;
  readonly since: Since;
  /** Whether each occurrence is shown to the operator as something that peers do not get. */
  readonly counted: boolean;
  /** Why it is treated so, one clause. */
  readonly why: string;
}

/** A row as it is written down; the rest follows from the family and from `stream`. */
export type DraftRow<Name extends string> = Omit<CommandRow<Name>, "id" | "inStream">;

/** What a draft may say beside the columns that every row has. */
export interface DraftExtra {
  readonly holds?: Holds;
  readonly counted?: boolean;
}

/** Makes the row writer of one family of commands: the family says what its keys hold. */
export function family(holds: Holds) {
  return <const Name extends string>(
    name: Name,
    treatment: Treatment,
    stream: string,
    keys: KeyFinder,
    since: Since,
    why: string,
    extra: DraftExtra = {},
  ): DraftRow<Name> => ({ name, treatment, stream, keys, since, why, holds: extra.holds ?? holds, counted: extra.counted ?? false });
}

/** No key. */
export const NO_KEY: KeyFinder = { find: "none" };
/** Argument 1 alone. */
export const KEY_1: KeyFinder = { find: "range", first: 1, last: 1, step: 1 };
/** Argument 2 alone. */
export const KEY_2: KeyFinder = { find: "range", first: 2, last: 2, step: 1 };
/** Arguments 1 and 2. */
export const KEYS_1_2: KeyFinder = { find: "range", first: 1, last: 2, step: 1 };
/** Every argument. */
export const KEYS_ALL: KeyFinder = { find: "range", first: 1, last: -1, step: 1 };
/** Every argument but the last, which is a timeout. */
export const KEYS_BUT_LAST: KeyFinder = { find: "range", first: 1, last: -2, step: 1 };
/** Key, value, key, value... */
export const KEY_VALUE_PAIRS: KeyFinder = { find: "range", first: 1, last: -1, step: 2 };
