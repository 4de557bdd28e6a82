/** Mistakes in the conflict ledger, and in what policies keep back. */
import type { Mutation } from "./mutation.js";

/** See the module's comment. */
export const TELLING: readonly Mutation[] = [
  {
    name: "ledger-tells-of-equal-values",
    breaks: "two writes of the same value are recorded as a conflict",
    edits: [{ in: "merge", text: "if (sibling === winner || !differ(sibling, winner, scored))", becomes: "if (sibling === winner)" }],
    caughtBy: 6,
  },
  {
    name: "ledger-keeps-the-first",
    breaks: "what loses to a later winner, or later to the same one, is not recorded",
    edits: [{ in: "merge", text: "if (isNewWinner || !before.some((known) => sameDot(known, sibling)))", becomes: "if (before.length === 0)" }],
    caughtBy: 5,
  },
  {
    name: "ledger-tells-twice",
    breaks: "a conflict is recorded again whenever it is met again",
    edits: [{ in: "region", text: "if (FOUND_AGAIN.has(rule) && this.#isKnown(conflictId(name)))", becomes: "if (false)" }],
    caughtBy: 4,
  },
  {
    name: "ledger-not-stored",
    breaks: "what lost is not committed with the cells",
    edits: [{ in: "region", text: "writes.push({ table: \"state\", key: conflictKey(next), value: page });", becomes: "" }],
    caughtBy: 5,
  },
  {
    name: "home-flags-itself",
    breaks: "writes of a key's own home are flagged too",
    edits: [{ in: "region", text: "if (policy.kind !== \"home\" || policy.region === regionOf(this.#writer))", becomes: "if (policy.kind !== \"home\")" }],
    options: { policies: true },
    caughtBy: 11,
  },
  {
    name: "local-keys-leave",
    breaks: "keys that stay in their region are captured like all others",
    edits: [{ in: "region", text: "const sorted = sortByPolicy(row, view, this.db, policies, residency);", becomes: "const sorted = undefined;" }],
    options: { policies: true },
    caughtBy: 2,
  },
  {
    name: "residency-not-enforced",
    breaks: "keys that reside in some regions are published in the log that everybody reads",
    edits: [{ in: "region", text: ": this.#laneOf.get(residency.groupOf(mutation.key));", becomes: ": this.#main;" }],
    options: { residents: true },
  },
  {
    name: "residency-told-in-contexts",
    breaks: "logs say what was seen of other groups' writers",
    edits: [{ in: "region", text: "return this.#residency === undefined ? context : within(context, group);", becomes: "return context;" }],
    options: { residents: true },
  },
  {
    name: "group-waits-for-everybody",
    breaks: "what a group's keys leave behind waits for what its members never say",
    edits: [{ in: "region", text: "(this.#residency ? within(this.#subject.merged(), group) : this.#subject.merged())", becomes: "this.#subject.merged()" }],
    options: { residents: true },
    caughtBy: 4,
  },
  {
    name: "group-begins-within-a-transaction",
    breaks: "the first mutation in a group's log goes on with a transaction that began in another",
    edits: [{ in: "region", text: "mutation.continues = lane.isBegun;", becomes: "" }],
    options: { residents: true },
  },
  {
    name: "group-forgets-its-last-version",
    breaks: "a new life gives versions of a group's log as if there were none before",
    edits: [{ in: "region", text: "lasts.get(circle.writer) ?? HLC_ZERO", becomes: "HLC_ZERO" }],
    options: { residents: true },
    caughtBy: 3,
  },
];
