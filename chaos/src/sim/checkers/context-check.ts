/**
 * A published context says nothing that the region's clients could not have seen: it covers no more of a peer than the last
 * mark in the server's stream says that stands before the end of what the record was captured from.
 */
import { decodeMark } from "@meridian/mark";
import { VersionVector } from "@meridian/words";
import { readRecord } from "../mesh/read-record.js";
import type { ServerHost } from "../mesh/server-host.js";
import type { World } from "../mesh/world.js";

/** What a context says too much. */
export function checkContexts(world: World): string[] {
  return world.writers.flatMap((writer, at) => {
    const marks = new MarksOf(world.servers[at]);
    const problems: string[] = [];
    for (const record of world.log.of(writer)) {
      const { span, frames } = readRecord(record, writer);
      for (const { context, first } of frames) {
        for (const [other, hlc] of context.entries()) {
          if (other === writer) continue;
          const visible = marks.visibleAt(span.lastOffset);
          if (!visible.covers(other, hlc)) problems.push(`r${at}: the context of version ${first} covers ${other} up to ${hlc}, but its clients could see it up to ${visible.get(other)}`);
        }
      }
    }
    return problems;
  });
}

/** What the marks in a server's stream say, joined as far as they were asked for: mostly further with every record. */
class MarksOf {
  readonly #marks: ServerHost["marks"];
  #visible = new VersionVector();
  #offset = 0;
  #joined = 0;

  constructor(server: ServerHost | undefined) {
    this.#marks = server?.marks ?? [];
  }

  /** What could be seen of the peers where the stream stood at the offset. */
  visibleAt(offset: number): VersionVector {
    if (offset < this.#offset) {
      this.#visible = new VersionVector();
      this.#joined = 0;
    }
    this.#offset = offset;
    for (let mark = this.#marks[this.#joined]; mark && mark.endOffset <= offset; mark = this.#marks[this.#joined]) {
      this.#visible.join(decodeMark(mark.header).vector);
      this.#joined += 1;
    }
    return this.#visible;
  }
}
