/**
 * A published context says nothing that the region's clients could not have seen: it covers no more of a peer than the last
 * mark in the server's stream says that stands before the end of what the record was captured from.
 */
import { decodeMark } from "@meridian/mark";
import { VersionVector } from "@meridian/words";
import { readRecord } from "../mesh/read-record.js";
import type { World } from "../mesh/world.js";

/** What a context says too much. */
export function checkContexts(world: World): string[] {
  return world.writers.flatMap((writer, at) => {
    const marks = (world.servers[at]?.marks ?? []).map(({ endOffset, header }) => ({ endOffset, vector: decodeMark(header).vector }));
    return world.log.of(writer).flatMap((record) => {
      const { span, frames } = readRecord(record, writer);
      const visible = new VersionVector();
      for (const { endOffset, vector } of marks) if (endOffset <= span.lastOffset) visible.join(vector);
      return frames.flatMap(({ context, first }) =>
        [...context.entries()]
          .filter(([other, hlc]) => other !== writer && !visible.covers(other, hlc))
          .map(([other, hlc]) => `r${at}: the context of version ${first} covers ${other} up to ${hlc}, but its clients could see it up to ${visible.get(other)}`),
      );
    });
  });
}
