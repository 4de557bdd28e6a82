/** Mistakes in what concurrent writes mean. */
import type { Mutation } from "./mutation.js";

const TIE = "return a.hlc !== b.hlc ? a.hlc > b.hlc : a.writer < b.writer;";
const UNSEEN = `if (WRITES.has(action) && frontier.covers(by, hlc)) unseen.push({ kind, field, writer: by, hlc });`;

/** See the module's comment. */
export const MERGING: readonly Mutation[] = [
  {
    name: "ties-by-arrival",
    breaks: "of two writes of the same time the one that arrived last is read",
    edits: [{ in: "merge", text: TIE, becomes: "return a.hlc >= b.hlc;" }],
    options: { families: ["string", "hash"] },
    caughtBy: 10,
  },
  {
    name: "registers-by-arrival",
    breaks: "of two writes of a whole key the one that arrived last stands",
    edits: [{ in: "merge", text: "if (latest && !wins(write, latest)) return;", becomes: "" }],
    options: { registers: true },
  },
  {
    name: "deletes-leave-registers-empty",
    breaks: "a key that was deleted as a whole comes back with an earlier write that arrives later",
    edits: [{ in: "merge", text: 'cell.wipes = change.action === "assign" ? undefined : [write];', becomes: "cell.wipes = undefined;" }],
    options: { registers: true },
    caughtBy: 3,
  },
  {
    name: "clock-does-not-observe",
    breaks: "a write may get an earlier version than one that its client had seen",
    edits: [{ in: "region", text: "this.#clock.observe(hlc, Math.max(this.#nowMs, hlcMs(hlc)));", becomes: "" }],
    caughtBy: 49,
  },
  {
    name: "siblings-dropped-early",
    breaks: "of concurrent writes only the one that is read is kept: a remove that had seen only that one takes all",
    edits: [
      {
        in: "merge",
        text: ": [...kept, siblingOf(change)];",
        becomes: ": [[...kept, siblingOf(change)].reduce((a, b) => (a.hlc > b.hlc || (a.hlc === b.hlc && a.writer < b.writer) ? a : b))];",
      },
    ],
    options: { families: ["string", "hash"] },
    caughtBy: 10,
  },
  {
    name: "early-contexts-forgotten",
    breaks: "a write that arrives after the one that replaced it, by way of a third region, lives on there",
    edits: [{ in: "merge", text: "if (change.ahead) cell.early = rememberEarly(cell.early, change.ahead, change.unseen);", becomes: "" }],
    options: { families: ["hash", "set", "zset"] },
    caughtBy: 239,
  },
  {
    name: "deletes-spare-what-comes-later",
    breaks: "a sketch that arrives after the delete of one, by someone who had not seen that, brings back what was deleted",
    edits: [{ in: "merge", text: "&& !isWiped(cell, change);", becomes: ";" }],
    options: { families: ["sketch"] },
    caughtBy: 4,
  },
  {
    name: "bare-frontier",
    breaks: "the bare frontier is the causal context: what it covers by number only, because it was left out, is not named",
    edits: [{ in: "region", text: UNSEEN, becomes: "" }],
    caughtBy: 41,
  },
  {
    name: "contexts-on-receipt",
    breaks: "the context is what was received: a remove takes away what its client never saw",
    edits: [
      {
        in: "region",
        text: "this.#outbox.closeFrame(state.frontier);",
        becomes: "this.#outbox.closeFrame(this.#received);",
      },
      { in: "region", text: "this.#outbox.closeFrame(this.#state.frontier);", becomes: "this.#outbox.closeFrame(this.#received);" },
    ],
    caughtBy: 2,
  },
  {
    name: "sums-not-absorbed",
    breaks: "a SET or DEL leaves the increments that it had seen",
    edits: [{ in: "merge", text: "for (const seen of change.absorbed) absorb(cell, seen);", becomes: "" }],
    options: { families: ["counter", "hash"] },
    caughtBy: 7,
  },
  {
    name: "shortest-deadline",
    breaks: "of concurrent deadlines the shortest is kept",
    edits: [{ in: "merge", text: "if (longest === undefined || number > longest) longest = number;", becomes: "if (longest === undefined || number < longest) longest = number;" }],
    options: { families: ["string", "hash"] },
    caughtBy: 20,
  },
];
