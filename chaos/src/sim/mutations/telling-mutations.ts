/** Mistakes in the conflict ledger, and in what policies keep back. */
import type { Mutation } from "./mutation.js";

/** See the module's comment. */
export const TELLING: readonly Mutation[] = [
  {
    name: "ledger-tells-of-equal-values",
    breaks: "two writes of the same value are recorded as a conflict",
    edits: [{ in: "merge", text: "if (sibling === winner || !differ(sibling, winner, scored))", becomes: "if (sibling === winner)" }],
  },
  {
    name: "ledger-keeps-the-first",
    breaks: "what loses to a later winner, or later to the same one, is not recorded",
    edits: [{ in: "merge", text: "if (isNewWinner || !before.some((known) => sameDot(known, sibling)))", becomes: "if (before.length === 0)" }],
  },
  {
    name: "ledger-tells-twice",
    breaks: "a conflict is recorded again whenever it is met again",
    edits: [{ in: "region", text: "if (FOUND_AGAIN.has(rule) && this.#isKnown(conflictId(name)))", becomes: "if (false)" }],
  },
  {
    name: "ledger-not-stored",
    breaks: "what lost is not committed with the cells",
    edits: [{ in: "region", text: "writes.push({ table: \"state\", key: conflictKey(next), value: page });", becomes: "" }],
  },
  {
    name: "home-flags-itself",
    breaks: "writes of a key's own home are flagged too",
    edits: [{ in: "region", text: "if (policy.kind !== \"home\" || policy.region === regionOf(this.#writer))", becomes: "if (policy.kind !== \"home\")" }],
    options: { policies: true },
  },
  {
    name: "local-keys-leave",
    breaks: "keys that stay in their region are captured like all others",
    edits: [{ in: "region", text: "const sorted = sortByPolicy(row, view, this.db, policies, this.#context.residency);", becomes: "const sorted = undefined;" }],
    options: { policies: true },
  },
];
