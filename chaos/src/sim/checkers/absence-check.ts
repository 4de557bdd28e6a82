/**
 * Runs in which regions that are silent for a moment are fenced, however alive they are: the others agree whom, and at which
 * version; who is fenced stands still; and of what it wrote behind that nothing counts, anywhere.
 */
import { mainWriter, type Hlc, type WriterId } from "@meridian/words";
import type { AgentHost } from "../mesh/agent-host.js";
import type { Published } from "./audited-log.js";
import type { World } from "../mesh/world.js";
import { readRecord } from "../mesh/read-record.js";

/** Regions that are part of the mesh at the end: a fenced one holds what it held when it was shut out. */
export function membersOf(world: World): readonly AgentHost[] {
  return world.agents.some(({ isShutOut }) => isShutOut) ? world.agents.filter(({ isShutOut }) => !isShutOut) : world.agents;
}

/** Mutations that count: of a fenced region those up to its cut. */
export function counted(world: World, mutations: readonly Published[]): readonly Published[] {
  const cuts = cutsOf(world.agents.find(({ isShutOut }) => !isShutOut));
  // Of a group's log of which nobody had received anything nothing counts.
  const cutOf = (writer: WriterId): number => cuts.get(writer) ?? (cuts.has(mainWriter(writer)) ? 0 : Infinity);
  return cuts.size === 0 ? mutations : mutations.filter(({ writer, hlc }) => hlc <= cutOf(writer));
}

/** What is wrong with who is fenced. */
export function checkAbsence(world: World): string[] {
  const members = membersOf(world);
  const [first] = members;
  if (!first) return ["every region is fenced"];
  if (members === world.agents && members.every(({ region }) => !region || region.stability.absence.fenced.length === 0)) return [];
  const cuts = cutsOf(first);
  const unequal = members.filter((member) => textOf(cutsOf(member)) !== textOf(cuts));
  return [
    ...unequal.map((member) => `${first.context.writer} and ${member.context.writer} do not agree whom they fence: ${textOf(cuts)} / ${textOf(cutsOf(member))}`),
    ...world.agents.filter(({ isShutOut, context }) => isShutOut !== cuts.has(context.writer)).map(({ isShutOut, context }) => `${context.writer} is ${isShutOut ? "" : "not "}shut out, but the others fence ${textOf(cuts)}`),
    ...members.flatMap((member) => wronglyHeld(world, member, cuts)),
  ];
}

/** Where a region stands in a fenced region's log: at the cut. */
function wronglyHeld(world: World, { region, context }: AgentHost, cuts: ReadonlyMap<WriterId, Hlc>): string[] {
  return [...cuts].flatMap(([writer, cut]) => {
    if (region?.followed.includes(writer) === false) return [];
    const have = region?.frontier.get(writer) ?? 0;
    const frames = world.log.of(writer).flatMap((record) => readRecord(record, writer).frames);
    const last = frames.filter((frame) => frame.mutations > 0 && frame.last <= cut).at(-1)?.last ?? 0;
    return have === last && have === cut ? [] : [`${context.writer} has merged ${writer} up to ${have}, its cut is ${cut}, its log has ${last}`];
  });
}

function cutsOf(agent: AgentHost | undefined): ReadonlyMap<WriterId, Hlc> {
  return new Map((agent?.region?.stability.absence.fenced ?? []).map(({ writer, cut }) => [writer, cut] as const));
}

function textOf(cuts: ReadonlyMap<WriterId, Hlc>): string {
  return [...cuts].map(([writer, cut]) => `${writer}@${cut}`).sort().join(" ") || "nobody";
}
