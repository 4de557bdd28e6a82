/** Mistakes in reading the server's stream, in what is stored of it, and in what is published. */
import type { Mutation } from "./mutation.js";

/** See the module's comment. */
export const CAPTURING: readonly Mutation[] = [
  {
    name: "packed-overlooked",
    breaks: "a SET with a deadline does not see that the same commit has the key packed already",
    edits: [{ in: "region", text: "if (cached || this.#isPacked(name) || ", becomes: "if (cached || " }],
    options: { families: ["string"] },
    caughtBy: 133,
  },
  {
    name: "select-lost-at-resume",
    breaks: "a new life takes the stream to go on in database 0",
    edits: [{ in: "region", text: "}, state.db);", becomes: "}, 0);" }],
    caughtBy: 207,
  },
  {
    name: "long-names-meet",
    breaks: "names that are too long for the store's stand there by their ends, which are alike",
    edits: [{ in: "region", text: 'createHash("sha256").update(name, "latin1").digest("binary")', becomes: "name.slice(-32)" }],
    options: { names: true },
    caughtBy: 2,
  },
  {
    name: "expiry-taken-for-delete",
    breaks: "the DEL of a key whose deadline is past is published as a client's delete",
    edits: [{ in: "region", text: "if (isDue(entry, scope.nowMs())) {", becomes: "if (false) {" }],
    options: { families: ["string", "hash", "counter"] },
    caughtBy: 6,
  },
  {
    name: "echo",
    breaks: "the effects of our own scripts are taken for what clients did",
    edits: [{ in: "region", text: "else if (this.#isOwn) this.#own(row, view);", becomes: "" }],
  },
  {
    name: "divided-commit",
    breaks: "half of a transaction is committed and published",
    edits: [
      { in: "region", text: "if (this.#state.halt || this.#capture.inTransaction)", becomes: "if (this.#state.halt)" },
      { in: "region", text: "if (this.#capture.inTransaction) return { writes: [],", becomes: "if (false) return { writes: []," },
    ],
    caughtBy: 25,
  },
  {
    name: "units-left-open",
    breaks: "a transaction is published before the keys have been read that tell what it did",
    edits: [{ in: "region", text: "if (isUnread(entry)) this.#waiting.add(entry);", becomes: ";" }],
    options: { families: ["string", "hash"], units: true },
    caughtBy: 3,
  },
  {
    name: "renamed-in-parts",
    breaks: "what a RENAME did to two keys is published key by key where these are read apart",
    edits: [{ in: "region", text: "if (keys.length < 2)", becomes: "if (true)" }],
    options: { families: ["string"], units: true, limits: true, commands: 40 },
    caughtBy: 79403273,
  },
  {
    name: "published-before-committed",
    breaks: "records go to the log before the store has them: a new life publishes the same writes with other versions",
    edits: [
      { in: "sim", text: "if (writes.length > 0 && left-- > 0) this.store.commit(writes);", becomes: "" },
      { in: "sim", text: "for (const batch of apply) if (left-- > 0)", becomes: "if (writes.length > 0 && left-- > 0) this.store.commit(writes);\n for (const batch of apply) if (left-- > 0)" },
    ],
    caughtBy: 210,
  },
  {
    name: "versions-from-the-clock-alone",
    breaks: "a new life whose clock is behind gives versions that were given before",
    edits: [{ in: "region", text: "start: { bound: firstUnused(state) }", becomes: "start: { bound: 0 }" }],
    caughtBy: 60,
  },
  {
    name: "acknowledged-before-durable",
    breaks: "the server may forget what is not in the log yet",
    edits: [{ in: "region", text: "const durable = Math.min(committed, this.#waiting[0]?.from ?? committed);", becomes: "const durable = committed;" }],
  },
  {
    name: "outgoing-not-published-again",
    breaks: "what was committed and not published when the agent died is lost",
    edits: [{ in: "region", text: "outbox.again = recover(", becomes: "recover(" }],
    caughtBy: 148,
  },
  {
    name: "floats-by-their-form",
    breaks: "every SET with KEEPTTL and every HSET of one field is taken for an increment, whatever its event says",
    edits: [{ in: "region", text: "return next.isIncrement && this.#reason === undefined ?", becomes: "return this.#reason === undefined ?" }],
    options: { families: ["float"] },
    caughtBy: 4,
  },
  {
    name: "floats-without-a-beginning",
    breaks: "events from before the place where they and the stream fit are held against writes behind it",
    edits: [{ in: "region", text: "this.#isToldFrom = key === this.#syncKey;\n            return;", becomes: "this.#isToldFrom = true;" }],
    options: { families: ["float"] },
    caughtBy: 28,
  },
];
