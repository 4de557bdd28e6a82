/** Mistakes in changing the policies while regions run. */
import type { Mutation } from "./mutation.js";

const options = { switches: true } as const;

/** See the module's comment. */
export const SWITCHING: readonly Mutation[] = [
  {
    name: "switched-on-arrival",
    breaks: "a region switches when it answers a proposal, not when all have",
    edits: [{ in: "region", text: "this.#answered.set(writer, round);", becomes: "this.#answered.set(writer, round); this.#due = lines;" }],
    options,
    caughtBy: 2,
  },
  {
    name: "decided-without-the-last-answer",
    breaks: "a change is decided when one region has not answered",
    edits: [{ in: "region", text: "if (this.#open && this.#others().every((other) => this.#answers.has(other)))", becomes: "if (this.#open && this.#answers.size + 1 >= this.#others().length)" }],
    options,
  },
  {
    name: "withheld-is-published",
    breaks: "what clients write to keys that leave is published behind the switch",
    edits: [{ in: "region", text: "if (live.isDraining && live.leaves(mutation.key)) return false;", becomes: "" }],
    options,
    caughtBy: 5,
  },
  {
    name: "forgotten-before-all-have-switched",
    breaks: "keys that leave are forgotten while something that was written under the old table is still to come",
    edits: [{ in: "region", text: `if (this.unseen(peers).length > 0) return "awaits peers";`, becomes: "" }],
    options,
    caughtBy: 72,
  },
  {
    name: "joining-keys-not-read",
    breaks: "what regions hold of keys that become shared is not published",
    edits: [{ in: "region", text: "this.isImported = !this.#joins;", becomes: "this.isImported = true;" }],
    options,
    caughtBy: 7,
  },
  {
    name: "another-table-behind-the-cut",
    breaks: "what a fenced region wrote under a table of its own is followed, or held for ever",
    edits: [{ in: "region", text: `if ((isLater || differs) && this.#subject.absence().isSetAside(writer)) return "wait";`, becomes: "" }],
    options: { ...options, registers: true, absence: true, policies: true },
    caughtBy: 72200971,
  },
  {
    name: "seen-behind-a-gap",
    breaks: "a peer is taken for one that has switched, and for one of which all before is received, behind a record that was lost",
    edits: [{ in: "region", text: "if ((frames[0]?.previous ?? 0) > received.get(queue.writer)) return true;", becomes: "" }],
    options: { ...options, policies: true, faults: ["loss", "lulls"] },
    caughtBy: 75200662,
  },
];
