/**
 * Reads the flat arguments of a batch as a list of cells, each with what is expected and what to do, in the layout of
 * libs/mark `apply-op`. Strings are binary. Throws on what the builder cannot have made: that is our own mistake.
 */
import { BATCH_HEAD_ARGS, OP, STEP, type Bytes, type CellKind, type EntryCell, type EntryStep, type StreamEdit } from "@meridian/mark";

/** One cell of a batch. */
export interface BatchCell {
  /** First character of the operation's code. */
  readonly op: string;
  /** Second character: what must be true. */
  readonly how: string;
  readonly db: number;
  readonly kind: CellKind;
  readonly key: string;
  /** Field or member; empty where the operation has none. */
  readonly field: string;
  /** The other arguments, in the order of the layout. */
  readonly rest: readonly string[];
  /** Of {@link OP.editStream}. */
  readonly edit?: StreamEdit;
}

/** Which cells an operation is about, and how many arguments follow key and field. */
const SHAPES: Readonly<Record<string, { readonly kind: CellKind; readonly field: boolean; readonly rest: number }>> = {
  [OP.setStringUntil]: { kind: "s", field: false, rest: 4 },
  [OP.incrString]: { kind: "s", field: false, rest: 1 },
  [OP.delString]: { kind: "s", field: false, rest: 1 },
  [OP.setField]: { kind: "h", field: true, rest: 2 },
  [OP.incrField]: { kind: "h", field: true, rest: 1 },
  [OP.addDecimal]: { kind: "s", field: false, rest: 1 },
  [OP.addDecimalField]: { kind: "h", field: true, rest: 1 },
  [OP.delField]: { kind: "h", field: true, rest: 1 },
  [OP.addMember]: { kind: "e", field: true, rest: 0 },
  [OP.removeMember]: { kind: "e", field: true, rest: 0 },
  [OP.setScore]: { kind: "z", field: true, rest: 2 },
  [OP.removeScore]: { kind: "z", field: true, rest: 1 },
  [OP.setExpiry]: { kind: "t", field: false, rest: 3 },
  [OP.restoreWhole]: { kind: "w", field: false, rest: 5 },
  [OP.delWhole]: { kind: "w", field: false, rest: 1 },
  [OP.raiseSketch]: { kind: "s", field: false, rest: 2 },
  [OP.requireKey]: { kind: "k", field: false, rest: 0 },
  [OP.publish]: { kind: "k", field: false, rest: 1 },
  [OP.unlinkKey]: { kind: "k", field: false, rest: 3 },
};

/** A run of strings without expiry, or one other cell. */
export type BatchPart = readonly BatchCell[];

/** Bytes as a binary string. */
export function binary(bytes: Bytes): string {
  return typeof bytes === "string" ? bytes : bytes.toString("latin1");
}

/** All parts of a batch, in order: a run is one part, because its effects are one command. */
export function readBatch(args: readonly Bytes[]): BatchPart[] {
  const parts: BatchPart[] = [];
  let db = 0;
  let at = BATCH_HEAD_ARGS;
  const next = (): string => binary(args[at++] as Bytes);
  while (at < args.length) {
    const code = next();
    const op = code.charAt(0);
    const how = code.charAt(1);
    if (op === OP.select) {
      db = Number(next());
      continue;
    }
    if (op === OP.setStrings) {
      const count = Number(next());
      const pairs = take(2 * count, next);
      const compared = how === "=" || how === "#";
      const run: BatchCell[] = [];
      for (let pair = 0; pair < pairs.length; pair += 2) {
        run.push({ op, how, db, kind: "s", key: pairs[pair] as string, field: "", rest: [compared ? next() : "", pairs[pair + 1] as string] });
      }
      parts.push(run);
      continue;
    }
    if (op === OP.editList) {
      const key = next();
      parts.push([{ op, how, db, kind: "l", key, field: "", rest: readListArguments(next) }]);
      continue;
    }
    if (op === OP.editStream) {
      parts.push([{ op, how, db, kind: "x", key: next(), field: "", rest: [], edit: readEdit(next) }]);
      continue;
    }
    const shape = SHAPES[op];
    if (shape === undefined) throw new Error(`no operation ${code} at argument ${at - 1}`);
    const key = next();
    const field = shape.field ? next() : "";
    const rest = take(shape.rest, next);
    if (op === OP.unlinkKey) rest.push(...take(2 * Number(rest[2]), next));
    parts.push([{ op, how, db, kind: shape.kind, key, field, rest }]);
  }
  return parts;
}

function take(count: number, next: () => string): string[] {
  const taken: string[] = [];
  for (let left = count; left > 0; left -= 1) taken.push(next());
  return taken;
}

/** All arguments of a list's edits: how many there are stands among them. */
function readListArguments(next: () => string): string[] {
  const count = next();
  const rest = [count];
  for (let left = Number(count); left > 0; left -= 1) {
    const head = [next(), next(), next(), next()];
    const more = Number(head[2]) + Number(head[3]) + 2;
    rest.push(...head, ...take(more, next));
  }
  return rest;
}

function readEdit(next: () => string): StreamEdit {
  const flags = next();
  const lastId = next();
  const [cellCount, groupCount] = [Number(next()), Number(next())];
  const cells: EntryCell[] = Array.from({ length: cellCount }, () => {
    const field = next();
    return { field, steps: Array.from({ length: Number(next()) }, () => readStep(next)) };
  });
  const groups = Array.from({ length: groupCount }, () => ({ name: next(), start: next() || undefined }));
  const has = (letter: string): boolean => flags.includes(letter);
  return { creates: has("c"), keeps: has("k"), lateToGroups: has("l"), lastId, cells, groups };
}

function readStep(next: () => string): EntryStep {
  const code = next();
  const id = next();
  if (code === STEP.add) return { does: "add", id, pairs: Buffer.from(next(), "latin1") };
  if (code === STEP.keep) return { does: "keep", id, print: next() };
  return code === STEP.remove ? { does: "remove", id, print: next() } : { does: "move", id, print: next(), to: next() };
}
