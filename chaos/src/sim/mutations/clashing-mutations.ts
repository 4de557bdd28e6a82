/** Mistakes in keys that concurrent writers made with different types. */
import type { Mutation } from "./mutation.js";

/** See the module's comment. */
export const CLASHING: readonly Mutation[] = [
  {
    name: "first-type-stays",
    breaks: "a key keeps in the server the type that came there first, whatever is newer",
    edits: [{ in: "region", text: "return shown !== undefined && target !== shown;", becomes: "return false;" }],
    options: { clashes: true },
    caughtBy: 14,
  },
  {
    name: "oldest-type-visible",
    breaks: "of several types the one whose newest write is older than the others' is visible",
    edits: [{ in: "region", text: "if (!best || wins(dot, dots.get(best).dot))", becomes: "if (!best || wins(dots.get(best).dot, dot))" }],
    options: { clashes: true },
    caughtBy: 4,
  },
  {
    name: "increments-do-not-show-their-type",
    breaks: "which type is visible does not depend on increments",
    edits: [{ in: "merge", text: "if (sum.upTo <= sum.absorbedUpTo) continue; const dot", becomes: "if (best) continue; const dot" }],
    options: { clashes: true, families: ["counter", "set"] },
    caughtBy: 8,
  },
  {
    name: "hidden-types-not-told",
    breaks: "that a type hides another is not recorded",
    edits: [{ in: "region", text: `if (!visible || base.size < 2) return;`, becomes: "return;" }],
    options: { clashes: true },
    caughtBy: 6,
  },
  {
    name: "hidden-types-told-too-early",
    breaks: "that a type hides another is recorded before all of a removal that was left out has come",
    edits: [{ in: "region", text: "for (const { excepted } of entry.loadedSlots()) if (excepted) return;", becomes: "" }],
    options: { clashes: true, limits: true },
    caughtBy: 72,
  },
  {
    name: "hidden-goes-with-what-hides-it",
    breaks: "who removes the last member that is visible removes what is hidden behind it too",
    edits: [
      {
        in: "region",
        text: "const detail = this.#detail([slot]); this.#clear(slot); this.#emit(kind ===",
        becomes:
          "if (entry.mayClash && [...entry.loadedSlots()].every((other) => other === slot || other.kind !== kind || !isPresent(other.base))) return this.removeKey(entry); const detail = this.#detail([slot]); this.#clear(slot); this.#emit(kind ===",
      },
    ],
    options: { clashes: true, families: ["set", "string"] },
    caughtBy: 161,
  },
  {
    name: "every-write-creates-its-key",
    breaks: "a write beside what is there says that there was nothing, and takes away what another type hides",
    edits: [{ in: "region", text: "m.creates = this.#created === entry;", becomes: "m.creates = this.#created === entry || (entry.mayClash && entry.isPresent);" }],
    options: { clashes: true, families: ["set", "string"] },
    caughtBy: 18,
  },
  {
    name: "hidden-values-not-kept",
    breaks: "what makes room for another type is not read before, where only the server holds it",
    edits: [{ in: "region", text: "const isHiding = willBeHidden(slot);", becomes: "const isHiding = false;" }],
    options: { clashes: true },
    caughtBy: 105,
  },
];
