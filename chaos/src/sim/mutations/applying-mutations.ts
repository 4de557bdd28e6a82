/** Mistakes in bringing the peers' writes to the server. */
import type { Mutation } from "./mutation.js";

const EXPECT = `return shown === undefined ? "-" : isSketchPrint(shown) ? "%" : isDigest(shown) ? "#" : "=";`;
const DELTA = "return { delta: to - from, isDecimal: false };";

/** See the module's comment. */
export const APPLYING: readonly Mutation[] = [
  {
    name: "no-reapply",
    breaks: "what a mark left out is not applied again",
    edits: [{ in: "region", text: "this.#context.counters.retried += 1; } this.#context.retry(slot);", becomes: "this.#context.counters.retried += 1; }" }],
  },
  {
    name: "no-barrier",
    breaks: "a new life applies before it has seen what the old one's scripts did",
    edits: [{ in: "region", text: "if (at >= 0) this.#begin();", becomes: "this.#begin();" }],
  },
  {
    name: "no-fence",
    breaks: "scripts of an earlier life still run",
    edits: [{ in: "target", text: `if (epoch !== batch.epoch) return { status: "FENCED", epoch, seq, skipped: 0 };`, becomes: "" }],
  },
  {
    name: "no-fence-and-barrier",
    breaks: "scripts of an earlier life still run, and the new one does not wait for what they did",
    edits: [
      { in: "target", text: `if (epoch !== batch.epoch) return { status: "FENCED", epoch, seq, skipped: 0 };`, becomes: "" },
      { in: "region", text: "if (at >= 0) this.#begin();", becomes: "this.#begin();" },
    ],
  },
  {
    name: "no-comparison",
    breaks: "values are written whatever the server holds: a client that was faster is overwritten",
    edits: [{ in: "region", text: EXPECT, becomes: `return "~";` }],
  },
  {
    name: "counters-set",
    breaks: "counters are set to the new total, whatever the server holds",
    edits: [
      { in: "region", text: DELTA, becomes: "return undefined;" },
      {
        in: "region",
        text: `const expect = expectOf(shown); const expected = heldPrint(slot)?.slice(1) ?? "";`,
        becomes: `const expect = target.sums.length > 0 ? "~" : expectOf(shown); const expected = heldPrint(slot)?.slice(1) ?? "";`,
      },
    ],
    options: { families: ["pure"] },
  },
  {
    name: "mark-one-too-far",
    breaks: "the mark's vector says one version more of each peer than the batch brings",
    edits: [
      {
        in: "region",
        text: "vector: this.#context.received, deferred, settled }",
        becomes: "vector: ((v) => { for (const [w, h] of [...v.entries()]) v.raise(w, h + 1); return v; })(this.#context.received.clone()), deferred, settled }",
      },
    ],
  },
  {
    name: "deferred-not-named",
    breaks: "the mark does not name the cells that wait for a later batch",
    edits: [{ in: "region", text: "deferred.push(slot.name);", becomes: "" }],
  },
  {
    name: "excepted-not-stored",
    breaks: "changes that the frontier covers and that are still to be applied are not stored",
    edits: [{ in: "region", text: "return slot.pending.filter((change) => frontier.covers(change.writer, change.hlc));", becomes: "return NOTHING;" }],
  },
  {
    name: "received-not-stored",
    breaks: "records are taken, and forgotten by a crash before their mark is read",
    edits: [{ in: "region", text: `writes.push({ table: "in", key: record.key, value: record.bytes });`, becomes: "" }],
  },
  {
    name: "race-not-noticed",
    breaks: "a local write between a batch and its mark is not taken into account",
    edits: [{ in: "region", text: "slot.refused = false; if (slot.issued) slot.raced = true;", becomes: "slot.refused = false;" }],
  },
  {
    name: "transactions-divided",
    breaks: "a transaction is applied in parts where one of its cells is on its way or being read",
    edits: [{ in: "region", text: "(frame) => gate.lets(frame, this.#nowMs)", becomes: "() => true" }],
    options: { families: ["string", "hash"] },
  },
  {
    name: "counters-compared-and-set",
    breaks: "counters are set to the new total where they are what was expected: nothing is lost, but every client in between costs a try",
    edits: [{ in: "region", text: DELTA, becomes: "return undefined;" }],
    options: { families: ["pure"] },
  },
];
