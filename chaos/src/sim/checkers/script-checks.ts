/**
 * Live checkers of what an apply script did to a server, from what was there before and after it, and from what clients
 * did anywhere. They look only where a script changed something.
 */
import { parseCellName, type ServerCells } from "./cells-of-server.js";
import { deadlinesOf, isUnique, type Chronicle, type SeenDeadline } from "./chronicle.js";
import { isTakenWithWinner, type Logs } from "./content-origin.js";
import type { Checker } from "./problem.js";

/** What a script did. */
export interface ScriptEffect {
  /** The region, by its number. */
  readonly at: number;
  readonly before: ServerCells;
  readonly after: ServerCells;
  readonly changed: readonly string[];
  /** The server's clock. */
  readonly nowMs: number;
}

/** Told of each problem. */
export type Report = (checker: Checker, problem: string) => void;

/** All checks of one effect. */
export function checkEffect(effect: ScriptEffect, chronicle: Chronicle, logs: Logs, report: Report): void {
  for (const name of effect.changed) {
    // An entry may move to an id beside, and a trim may take what its own command added: the oracle looks at streams.
    if (["x", "g"].includes(parseCellName(name).kind)) continue;
    checkLoss(effect, name, chronicle, logs, report);
    checkReturn(effect, name, chronicle, report);
  }
  checkDeadlines(effect, chronicle, report);
}

/** Nothing goes that nobody has taken away who had seen it, or what won over it. */
function checkLoss({ before, after }: ScriptEffect, name: string, chronicle: Chronicle, logs: Logs, report: Report): void {
  const { place, kind } = parseCellName(name);
  const was = before.get(name);
  // A key goes at its deadline by itself, and with it whatever a script would have left there.
  if (was === undefined || after.has(name) || kind === "t" || chronicle.isTimed(place) || chronicle.isRead(place)) return;
  // Of several types one is visible, and who replaces or deletes that means what it hides too: the oracle looks at these.
  if (chronicle.isOfSeveralTypes(place)) return;
  const isSeen = (content: string | undefined): boolean => (isUnique(was) ? content === was : content !== undefined);
  const changes = chronicle.of(name);
  const isTaken = changes.some((change) => change.before !== change.after && isSeen(change.before));
  if (!isTaken && !isTakenWithWinner(logs, name, was, changes)) report("nothing lost", `a script took ${name} = ${was} away: no client that had seen it did`);
}

/** What a client of this region has replaced or removed does not come back. */
function checkReturn({ at, after }: ScriptEffect, name: string, chronicle: Chronicle, report: Report): void {
  const content = after.get(name);
  const { place, kind } = parseCellName(name);
  if (!isUnique(content) || kind === "w" || chronicle.isTimed(place) || chronicle.isRead(place)) return;
  const changes = chronicle.of(name);
  const isGone = changes.some((change) => change.at === at && change.before === content && change.after !== content);
  const timesMade = changes.filter((change) => change.after === content).length;
  if (isGone && timesMade <= 1) report("nothing returns", `a script wrote ${name} = ${content}, which a client of this region has replaced or removed`);
}

/** No key is the shortest of all. */
function lengthOf(deadline: SeenDeadline): number {
  return deadline ?? -Infinity;
}

/** A deadline becomes shorter only where a client that had seen one as long has made it so. */
function checkDeadlines({ before, after, changed }: ScriptEffect, chronicle: Chronicle, report: Report): void {
  if (!changed.some((name) => parseCellName(name).kind === "t")) return;
  const was = deadlinesOf(before);
  const is = deadlinesOf(after);
  for (const [place, long] of was) {
    if (chronicle.isRegister(place) || chronicle.isEvicted(place)) continue;
    const short = is.get(place);

    // A key that was made without a deadline has none that anybody gave it: it takes the one that is given elsewhere.
    if (short === undefined || short >= long || long === Infinity) continue;
    // With another type another deadline comes: what is hidden has no say.
    if (typeAt(place, before) !== typeAt(place, after)) continue;
    const changes = chronicle.deadlinesOf(place);
    const isMade = changes.some((change) => lengthOf(change.before) >= long && lengthOf(change.after) < lengthOf(change.before));
    if (!isMade) report("deadlines", `a script shortened the deadline of ${place} from ${long} to ${short}: no client had seen it and done so`);
  }
}

/** The kind of what stands in a key; that of a stream's groups does not count. */
function typeAt(place: string, cells: ServerCells): string | undefined {
  for (const name of cells.keys()) {
    const { place: at, kind } = parseCellName(name);
    if (at === place && kind !== "t" && kind !== "g") return kind;
  }
  return undefined;
}
