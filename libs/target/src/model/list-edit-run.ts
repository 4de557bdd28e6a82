/** Edits of a list as the model runs them: the comparisons and the commands of the script (script/list-script.ts). */
import { ANY_ELEMENT, LIST_END, NEAR_END, PUSH_LIMIT, type ElementsEdit } from "@meridian/mark";
import { createHash } from "node:crypto";

/** Executes one command. */
type Run = (args: readonly string[]) => void;

/** The edits that stand in an operation's arguments. */
export function readEdits(rest: readonly string[]): ElementsEdit[] {
  const edits: ElementsEdit[] = [];
  for (let at = 1; at < rest.length; ) {
    const [side, offset, gone, come] = rest.slice(at, at + 4) as [string, string, string, string];
    const first = at + 5;
    const end = first + Number(gone) + 1;
    edits.push({
      side: side as ElementsEdit["side"],
      offset: Number(offset),
      left: rest[at + 4] as string,
      removed: rest.slice(first, end - 1),
      right: rest[end - 1] as string,
      values: rest.slice(end, end + Number(come)),
    });
    at = end + Number(come);
  }
  return edits;
}

/** The removed values that a print does not hold, where every edit matches; undefined where one does not. */
export function matchEdits(items: readonly string[], edits: readonly ElementsEdit[], compared: boolean): string[] | undefined {
  const long: string[] = [];
  let heads = 0;
  let tails = 0;
  for (const { side, offset, removed, left, right } of edits) {
    if (side === "h") heads = offset + removed.length;
    else if (tails === 0) tails = offset + removed.length;
    if (heads + tails > items.length) return undefined;
    if (!compared) continue;
    const at = side === "h" ? offset : items.length - offset - removed.length;
    for (const [i, expected] of [left, ...removed, right].entries()) {
      const held = items[at + i - 1];
      if (!fits(held, expected)) return undefined;
      if (i > 0 && i <= removed.length && expected.startsWith("#")) long.push(held as string);
    }
  }
  return long;
}

function fits(held: string | undefined, expected: string): boolean {
  if (expected === ANY_ELEMENT) return true;
  if (expected === LIST_END) return held === undefined;
  if (held === undefined) return false;
  if (expected.startsWith("#")) return createHash("sha1").update(held, "latin1").digest("hex").slice(0, 16) === expected.slice(1);
  return held === expected.slice(1);
}

/** Carries the edits out; `items` is the list as it is between the commands, which `run` changes. */
export function performEdits(key: string, edits: readonly ElementsEdit[], gone: string, items: () => readonly string[], run: Run): void {
  const heads = edits.filter(({ side }) => side === "h").reverse();
  const tails = edits.filter(({ side }) => side === "t");
  for (const edit of [...heads, ...tails]) performEdit(key, edit, gone, items(), run);
}

function performEdit(key: string, edit: ElementsEdit, gone: string, items: readonly string[], run: Run): void {
  const count = edit.removed.length;
  const values = edit.values as readonly string[];
  const { length } = items;
  const p = edit.side === "h" ? edit.offset : length - edit.offset - count;
  const behind = length - p - count;
  const pop = (command: string, number: number): void => {
    if (number > 0) run([command, key, String(number)]);
  };
  if (count === 0 && values.length === 0) return;
  if (count === length) {
    push("RPUSH", key, values, run);
    pop("LPOP", count);
  } else if (behind === 0) {
    pop("RPOP", count);
    push("RPUSH", key, values, run);
  } else if (p === 0) {
    pop("LPOP", count);
    push("LPUSH", key, [...values].reverse(), run);
  } else if ((values.length <= count && count <= 2) || Math.min(behind, p) > NEAR_END) {
    replaceWithin(key, p, count, values, behind < p, gone, items, run);
  } else if (behind <= p) {
    const rest = items.slice(p + count);
    pop("RPOP", count + behind);
    push("RPUSH", key, [...values, ...rest], run);
  } else {
    const rest = items.slice(0, p);
    pop("LPOP", p + count);
    push("LPUSH", key, [...rest, ...values].reverse(), run);
  }
}

function push(command: string, key: string, values: readonly string[], run: Run): void {
  for (let at = 0; at < values.length; at += PUSH_LIMIT) run([command, key, ...values.slice(at, at + PUSH_LIMIT)]);
}

function replaceWithin(
  key: string,
  p: number,
  count: number,
  values: readonly string[],
  backwards: boolean,
  gone: string,
  items: readonly string[],
  run: Run,
): void {
  for (const [j, value] of values.slice(0, count).entries()) run(["LSET", key, String(p + j), value]);
  if (count > values.length) {
    for (let j = values.length; j < count; j += 1) run(["LSET", key, String(p + j), gone]);
    run(["LREM", key, String((backwards ? -1 : 1) * (count - values.length)), gone]);
  } else if (values.length > count) {
    const q = p + count;
    const held = items[q] as string;
    run(["LSET", key, String(q), gone]);
    for (const value of values.slice(count)) run(["LINSERT", key, "BEFORE", gone, value]);
    run(["LSET", key, String(q + values.length - count), held]);
  }
}
