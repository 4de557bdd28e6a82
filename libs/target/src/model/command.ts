/**
 * What commands of the model share: how they are called, typed access to keys, and the server's own error texts.
 */
import { ReplyError, type Reply } from "@meridian/resp";
import type { Entry, EntryOf, EntryType, Keyspace } from "./keyspace.js";

/** One call: the keyspace, the database, and where a change is told to the stream. */
export interface CommandContext {
  readonly space: Keyspace;
  readonly db: number;
  /** Tells the stream; called once the change is made. */
  emit(args: readonly string[]): void;
  /** Tells a keyspace event. */
  notify(event: string, key: string): void;
}

/** A command: `args[0]` is its name as sent. */
export type Command = (context: CommandContext, args: readonly string[]) => Reply;

/** By lower-case name. */
export type CommandTable = Readonly<Record<string, Command>>;

export const OK = "OK";
export const WRONG_TYPE = new ReplyError("WRONGTYPE Operation against a key holding the wrong kind of value");
export const NOT_AN_INTEGER = new ReplyError("ERR value is not an integer or out of range");
export const NOT_A_FLOAT = new ReplyError("ERR value is not a valid float");
export const OVERFLOW = new ReplyError("ERR increment or decrement would overflow");
export const SYNTAX = new ReplyError("ERR syntax error");

/** The error for a wrong number of arguments. */
export function wrongArity(name: string): ReplyError {
  return new ReplyError(`ERR wrong number of arguments for '${name.toLowerCase()}' command`);
}

/** A bulk reply. */
export function bulk(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

/** Argument i; the caller has checked the count. */
export function arg(args: readonly string[], i: number): string {
  return args[i] as string;
}

/** The entry if it has the type, undefined where absent, an error where it has another type. */
export function typed<T extends EntryType>(context: CommandContext, key: string, type: T): EntryOf<T> | undefined | ReplyError {
  const entry = context.space.lookup(context.db, key);
  if (entry === undefined) return undefined;
  return entry.type === type ? (entry as EntryOf<T>) : WRONG_TYPE;
}

/** Puts an entry and gives it back. */
export function created<E extends Entry>(context: CommandContext, key: string, entry: E): E {
  context.space.put(context.db, key, entry);
  return entry;
}

/** Deletes a key whose collection has become empty. */
export function dropIfEmpty(context: CommandContext, key: string, size: number): void {
  if (size > 0) return;
  context.space.delete(context.db, key);
  context.notify("del", key);
}
