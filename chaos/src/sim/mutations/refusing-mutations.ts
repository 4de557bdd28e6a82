/** Mistakes in what a region must refuse: a log with a gap, a server that lost its history. */
import type { Mutation } from "./mutation.js";

/** See the module's comment. */
export const REFUSING: readonly Mutation[] = [
  {
    name: "chain-not-checked",
    breaks: "a region goes on behind a record of a peer that it never got",
    edits: [{ in: "region", text: "if (frame.previous !== have) {", becomes: "if (false) {" }],
    options: { faults: ["loss"] },
    caughtBy: 56,
  },
  {
    name: "resent-taken-again",
    breaks: "a record that stands in the log twice, because it was sent again, is taken twice",
    edits: [
      { in: "region", text: "if (received.covers(queue.writer, frame.last)) {", becomes: "if (false) {" },
      { in: "region", text: "if (frame.previous !== have) {", becomes: "if (false) {" },
    ],
    options: { faults: ["batch"] },
  },
  {
    name: "flushall-goes-on",
    breaks: "a region goes on behind a FLUSHALL as if nothing had been",
    edits: [{ in: "region", text: "this.#context.onQuarantine(row.name);", becomes: ";" }],
    options: { faults: ["flushall"] },
  },
  {
    name: "flushall-leaves-half",
    breaks: "what a transaction did before its FLUSHALL is published",
    edits: [{ in: "region", text: "const began = this.#unit.abandon(this.#state.frontier);", becomes: "const began = undefined;" }],
    options: { faults: ["flushall"], units: true },
    caughtBy: 12,
  },
  {
    name: "quarantine-forgotten",
    // With the first edit alone nothing changes: the new life reads the FLUSHALL again, before it applies anything.
    breaks: "a region that lost its history takes that as captured, and goes on behind it after a restart",
    edits: [
      { in: "region", text: "plain, { writers, frontier, told, positions }", becomes: "plain, { writers, frontier, told, positions, halt: undefined }" },
      { in: "region", text: "this.#inTransaction = false; else if (!this.#inTransaction) {", becomes: "this.#inTransaction = false; if (!this.#inTransaction) {" },
    ],
    options: { faults: ["flushall"] },
  },
];
