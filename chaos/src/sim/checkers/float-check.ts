/**
 * Counters of floats that clients only ever increment, by steps of which a server adds many without rounding. Every acknowledged
 * increment stands in its region's log, as one or as a SET of its result; and where all of a counter's stand there as increments, it
 * holds exactly their sum everywhere.
 */
import { MutationKind } from "@meridian/words";
import type { Published } from "./audited-log.js";
import { cellName, parseCellName, type ServerCells } from "./cells-of-server.js";
import { isInDoubt } from "./eviction-check.js";
import { scaledDigits, textOfDigits } from "./oracle.js";
import { PURE_FLOAT } from "../mesh/workload.js";
import type { World } from "../mesh/world.js";

const K = MutationKind;

/** What is wrong, one line each. */
export function checkFloats(world: World, cells: readonly ServerCells[], mutations: readonly Published[]): string[] {
  const acknowledged = world.taken.filter(({ words, reply }) => words[0] === "INCRBYFLOAT" && words[1]?.startsWith(PURE_FLOAT) === true && Buffer.isBuffer(reply));
  const names = new Set(acknowledged.map(({ db, words }) => cellName(db, words[1] ?? "", "s")));
  return [...names].flatMap((name) => {
    if (isInDoubt(world, parseCellName(name).place)) return [];
    const taken = acknowledged.filter(({ db, words }) => cellName(db, words[1] ?? "", "s") === name);
    const own = mutations.filter((m) => cellName(m.db, m.key, "s") === name);
    const isImported = world.settings.imported > 0;
    const lost = world.writers.flatMap((writer, at) => {
      const told = taken.filter((command) => command.at === at).length;
      const published = own.filter((m) => m.writer === writer && (m.kind === K.IncrementDecimal || m.kind === K.PutString)).length;
      return isImported || published >= told ? [] : [`${name}: r${at}'s clients were told of ${told} increments, ${published} stand in its log`];
    });
    return [...lost, ...(own.some(({ kind }) => kind === K.PutString) ? [] : wrongSums(name, taken, cells))];
  });
}

function wrongSums(name: string, taken: World["taken"], cells: readonly ServerCells[]): string[] {
  const sum = textOfDigits(taken.reduce((total, { words }) => total + (scaledDigits(words[2] ?? "") ?? 0n), 0n));
  return cells.flatMap((held, at) => (held.get(name) === sum ? [] : [`${name}: ${sum} was acknowledged, r${at} holds ${String(held.get(name))}`]));
}
