/**
 * Keys that are one register (`lww`): what they must hold, and what their regions must have published.
 *
 * - What is published is what the region's server held behind a command of its own clients; the last command's result is
 *   the last that its region has published.
 * - At rest every region holds the latest of all that was published, whole, with its deadline.
 */
import { ServerModel } from "@meridian/target";
import { MutationKind } from "@meridian/words";
import type { Published } from "./audited-log.js";
import { cellName, cellsOfServer, type ServerCells } from "./cells-of-server.js";
import { isInDoubt } from "./eviction-check.js";
import type { World } from "../mesh/world.js";

const K = MutationKind;

/** What the register's cells must be at `nowMs`, by the latest of its writes. */
export function expectedRegister(mutations: readonly Published[], nowMs: number): ServerCells {
  const [first, ...rest] = mutations;
  const none: ServerCells = new Map();
  if (!first) return none;
  const isLater = (a: Published, b: Published): boolean => a.birth > b.birth || (a.birth === b.birth && a.writer < b.writer);
  const latest = rest.reduce((best, m) => (isLater(m, best) ? m : best), first);
  if (latest.kind !== K.PutRegister || latest.value === "" || latest.number <= nowMs) return none;
  const model = new ServerModel();
  model.execute(["RESTORE", latest.key, "0", latest.value], nowMs, latest.db);
  const cells = cellsOfServer(model);
  if (latest.number < Infinity) cells.set(cellName(latest.db, latest.key, "t"), String(latest.number));
  return cells;
}

/** What was published of registers that it should not have been, or was not. */
export function checkRegisters(world: World, mutations: readonly Published[]): string[] {
  return world.writers.flatMap((writer, at) => {
    const own = mutations.filter((m) => m.writer === writer && m.kind === K.PutRegister);
    // What was there before the agent came is imported, in whatever state it finds it.
    if ((at === 0 && world.settings.imported > 0) || world.agents[at]?.isShutOut) return [];
    const { wholes } = world.servers[at] as World["servers"][number];
    const isHeld = ({ db, key, value }: Published): boolean =>
      value === "" || wholes.get(`${db}|${key}`)?.held.some((whole) => isSame(whole, value)) === true;
    const invented = own.filter((m) => !isHeld(m));
    // What is dropped at a deadline, or by a FLUSHALL, before it is read is never published.
    const mayLack = world.settings.expiries > 0 || world.flushed?.at === at;
    const lost = mayLack ? [] : [...wholes].flatMap(([place, { lasts }]) => (isInDoubt(world, place) ? [] : lastIsLost(place, lasts, own)));
    return [...invented.map(({ key, value }) => `r${at} published ${key} as ${value}, which it never held behind a client's command`), ...lost.map((problem) => `r${at}: ${problem}`)];
  });
}

function lastIsLost(place: string, lasts: readonly string[] | undefined, own: readonly Published[]): string[] {
  if (lasts === undefined) return [];
  const last = own.filter(({ db, key }) => `${db}|${key}` === place).at(-1);
  // Of what was made and removed before it was read nothing has to be told, unless something was told before.
  if (lasts.some((wanted) => (last ? isSame(last.value, wanted) : wanted === ""))) return [];
  return [`${place} held ${lasts.join(" or ")} behind the last command of its clients, the log says ${String(last?.value)}`];
}

/** A server changes bytes of a sketch by itself that say nothing of its registers. */
function isSame(a: string, b: string): boolean {
  return a === b || (a !== "" && b !== "" && textOf(a) === textOf(b));
}

function textOf(payload: string): string {
  const model = new ServerModel();
  model.execute(["RESTORE", "k", "0", payload], 0, 0);
  return JSON.stringify([...cellsOfServer(model)]);
}
