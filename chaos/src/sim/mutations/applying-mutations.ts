/** Mistakes in bringing the peers' writes to the server. */
import type { Mutation } from "./mutation.js";

const EXPECT = `return shown === undefined ? "-" : isSketchPrint(shown) ? "%" : isDigest(shown) ? "#" : "=";`;
const RETAKEN = "this.take(frame, done, false); for (const taken of this.#taken.splice(0)) {";
const TAKEN_AGAIN = "this.#taken.unshift(...this.#inFlight.splice(0));";
const DELTA = "return { delta: to - from, isDecimal: false };";

/** See the module's comment. */
export const APPLYING: readonly Mutation[] = [
  {
    name: "no-reapply",
    breaks: "what a mark left out is not applied again",
    edits: [{ in: "region", text: "this.#context.counters.retried += 1; } this.#context.retry(slot);", becomes: "this.#context.counters.retried += 1; }" }],
    caughtBy: 21,
  },
  {
    name: "no-barrier",
    breaks: "a new life applies before it has seen what the old one's scripts did",
    edits: [{ in: "region", text: "return at >= 0 && this.#begin();", becomes: "return this.#begin();" }],
  },
  {
    name: "no-fence",
    breaks: "scripts of an earlier life still run",
    edits: [{ in: "target", text: `if (epoch !== batch.epoch) return { status: "FENCED", epoch, seq, skipped: 0 };`, becomes: "" }],
    caughtBy: 207,
  },
  {
    name: "no-fence-and-barrier",
    breaks: "scripts of an earlier life still run, and the new one does not wait for what they did",
    edits: [
      { in: "target", text: `if (epoch !== batch.epoch) return { status: "FENCED", epoch, seq, skipped: 0 };`, becomes: "" },
      { in: "region", text: "return at >= 0 && this.#begin();", becomes: "return this.#begin();" },
    ],
  },
  {
    name: "no-comparison",
    breaks: "values are written whatever the server holds: a client that was faster is overwritten",
    edits: [{ in: "region", text: EXPECT, becomes: `return "~";` }],
    caughtBy: 21,
  },
  {
    name: "flights-unissued",
    breaks: "what a client does to a plain string while a peer's value is on its way does not know of that",
    edits: [{ in: "region", text: "slot.issued = { seq: batch.seq, how: this.#isEqual", becomes: "if (false) slot.issued = { seq: batch.seq, how: this.#isEqual" }],
    caughtBy: 275,
  },
  {
    name: "flights-over-unseen",
    breaks: "a peer's value takes the place of a plain string that its writer had not seen",
    edits: [{ in: "region", text: "held.hlc >= m.hlc : !context.covers(other, held.hlc)", becomes: "held.hlc >= m.hlc : false" }],
    options: { families: ["string"] },
    caughtBy: 2,
  },
  {
    name: "flights-meet-record",
    breaks: "a plain string that was written but not committed is applied over by what stood there before",
    edits: [{ in: "region", text: "this.#plain.get(name) ?? this.#store.get(\"cell\", name)", becomes: "this.#store.get(\"cell\", name)" }],
    options: { families: ["string"] },
    caughtBy: 179,
  },
  {
    name: "vanished-keys-made-anew",
    breaks: "what is added to a key is written where the server has just dropped it at its deadline too, and has none there",
    edits: [{ in: "region", text: "if (mayVanish(entry, batch.seq, nowMs)) batch.requireKey(entry.db, entry.key);", becomes: "" }],
    options: { limits: true },
    caughtBy: 72000378,
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
    caughtBy: 3,
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
    caughtBy: 10,
  },
  {
    name: "excepted-not-stored",
    breaks: "changes that the frontier covers and that are still to be applied are not stored",
    edits: [{ in: "region", text: "return slot.pending.filter((change) => frontier.covers(change.writer, change.hlc));", becomes: "return NOTHING;" }],
    caughtBy: 198,
  },
  {
    name: "received-not-stored",
    breaks: "records are taken, and forgotten by a crash before their mark is read",
    edits: [{ in: "region", text: `writes.push({ table: "in", key: record.key, value: record.bytes });`, becomes: "" }],
    caughtBy: 56,
  },
  {
    name: "race-not-noticed",
    breaks: "a local write between a batch and its mark is not taken into account",
    edits: [{ in: "region", text: "slot.refused = false; if (slot.issued) slot.raced = true;", becomes: "slot.refused = false;" }],
    caughtBy: 1512,
  },
  {
    name: "transactions-divided",
    breaks: "a transaction is applied in parts where one of its cells is on its way or being read",
    edits: [{ in: "region", text: "(unit) => gate.lets(unit, this.#nowMs)", becomes: "() => true" }],
    options: { families: ["string", "hash"] },
    caughtBy: 282,
  },
  {
    name: "kept-values-in-parts",
    breaks: "a transaction is applied in parts where it goes over a value that must be read first, to be kept",
    edits: [{ in: "region", text: "if (this.#kept.await(this.#taken, this.#retries, nowMs)) return undefined;", becomes: "" }],
    options: { families: ["string", "hash"], units: true },
    caughtBy: 76,
  },
  {
    name: "counters-compared-and-set",
    breaks: "counters are set to the new total where they are what was expected: nothing is lost, but every client in between costs a try",
    edits: [{ in: "region", text: DELTA, becomes: "return undefined;" }],
    options: { families: ["pure"] },
    caughtBy: 3,
  },
  {
    name: "room-inherited",
    breaks: "what an earlier life had on its way takes room in the batches of the next one, also where all of it had arrived",
    edits: [
      {
        in: "region",
        text: RETAKEN,
        becomes: `if (frame) { this.take(frame, done, false); for (const taken of this.#taken.splice(0)) {
          for (const slot of taken.slots) slot.raced = true; this.#inFlight.push(taken); } return; } for (const taken of []) {`,
      },
      { in: "region", text: `${TAKEN_AGAIN} this.#count();`, becomes: TAKEN_AGAIN },
    ],
    options: { limits: true },
    caughtBy: 81,
  },
];
