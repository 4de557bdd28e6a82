/**
 * What a list must hold, computed from the published mutations alone: every value at the place that its mutation names,
 * unless a mutation that names the place too had seen it; the places in the order of their bytes.
 */
import { shifted } from "@meridian/merge";
import { readSpans, readValues } from "@meridian/wire";
import { MutationKind } from "@meridian/words";
import type { Published } from "./audited-log.js";

const K = MutationKind;

/** One value of a list, as published. */
export interface PublishedElement {
  readonly mutation: Published;
  readonly position: string;
  readonly value: string;
}

/** The values that a mutation puts, each with its place. */
export function elementsOf(m: Published): PublishedElement[] {
  if (m.kind !== K.PutElements) return [];
  const values = readValues(sliceOf(m)).map((value) => value.toString("latin1"));
  return values.map((value, at) => ({ mutation: m, position: shifted(m.field, at), value }));
}

/** The rule of contexts. */
type HasSeen = (taker: Published, put: Published) => boolean;

/** What stands in a key's list, visible or behind another value of the same place. */
export function survivingElements(mutations: readonly Published[], hasSeen: HasSeen): PublishedElement[] {
  const elements = mutations.flatMap(elementsOf);
  if (elements.length === 0) return elements;
  const takers = mutations.flatMap(placesTaken);
  return elements.filter(({ mutation, position }) => !takers.some((taker) => taker.takes(position) && hasSeen(taker.mutation, mutation)));
}

/** What a reader sees of a key's list, or undefined where there is none. */
export function listContent(mutations: readonly Published[], hasSeen: HasSeen): string[] | undefined {
  const visible = new Map<string, PublishedElement>();
  for (const element of survivingElements(mutations, hasSeen)) {
    const { mutation, position } = element;
    const known = visible.get(position)?.mutation;
    const isLater = !known || mutation.hlc > known.hlc || (mutation.hlc === known.hlc && mutation.writer < known.writer);
    if (isLater) visible.set(position, element);
  }
  if (visible.size === 0) return undefined;
  return [...visible].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { value }]) => value);
}

interface Taker {
  readonly mutation: Published;
  takes(position: string): boolean;
}

function placesTaken(m: Published): Taker[] {
  if (m.creates || m.kind === K.RemoveKey || m.kind === K.PutString || m.kind === K.PutWhole) return [{ mutation: m, takes: () => true }];
  if (m.kind === K.PutElements) {
    const places = new Set(elementsOf(m).map(({ position }) => position));
    return [{ mutation: m, takes: (position) => places.has(position) }];
  }
  if (m.kind !== K.RemoveElements) return [];
  return readSpans(sliceOf(m)).map(({ from, to }) => ({ mutation: m, takes: (position) => position >= from && (to === "" || position <= to) }));
}

function sliceOf({ value }: Published): { bytes: Buffer; start: number; end: number } {
  return { bytes: Buffer.from(value, "latin1"), start: 0, end: value.length };
}
