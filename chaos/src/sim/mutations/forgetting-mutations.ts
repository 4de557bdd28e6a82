/** Mistakes in what is forgotten, and when. */
import type { Mutation } from "./mutation.js";

/** See the module's comment. */
export const FORGETTING: readonly Mutation[] = [
  {
    name: "forgotten-without-the-absent",
    breaks: "what is left of dead keys is forgotten although a region that is away, or was never heard, is not past it",
    edits: [
      { in: "region", text: "return this.#peers.every((writer) => this.#isOut(writer) || this.#claims.get(writer)?.known.includes(vector) === true);", becomes: "return true;" },
      {
        in: "region",
        text: "return this.#peers.every((writer) => this.#isOut(writer) || isPast(writer));",
        becomes: "return true;",
      },
    ],
    options: { families: ["counter", "list"] },
    caughtBy: 400,
  },
  {
    name: "ended-sums-go-on",
    breaks: "increments go on in a sum that was taken away, and that other regions may have forgotten",
    edits: [{ in: "region", text: "known.writer === writer && isLive(known) && (", becomes: "known.writer === writer && (" }],
    options: { families: ["counter"], faults: ["lulls"] },
    caughtBy: 823,
  },
  {
    name: "creation-not-told",
    breaks: "a write that makes a key anew says so no more: what others remember of the expired one lives on there",
    edits: [{ in: "region", text: "m.creates = this.#created === entry;", becomes: "m.creates = false;" }],
    caughtBy: 318,
  },
  {
    name: "fenced-is-read-on",
    breaks: "what a fenced region writes behind its cut is taken where it arrives",
    edits: [{ in: "region", text: 'if (last <= cut) return "take";', becomes: 'return "take";' }],
    options: { absence: true },
    caughtBy: 36,
  },
];
