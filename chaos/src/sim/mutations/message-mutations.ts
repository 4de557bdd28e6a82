/** Mistakes in relaying messages. */
import type { Mutation } from "./mutation.js";

const MESSAGES = { messages: true } as const;

/** See the module's comment. */
export const RELAYING: readonly Mutation[] = [
  {
    name: "message-before-its-write",
    breaks: "a message does not wait for writes before it that a batch left out",
    edits: [{ in: "region", text: "cells: this.#addInherited(new Set(queue.left))", becomes: "cells: new Set()" }],
    options: { ...MESSAGES, families: ["string"], regions: 2, commands: 60 },
    caughtBy: 20,
  },
  {
    name: "message-comes-home",
    breaks: "a message that our own script published is taken for a client's",
    edits: [{ in: "region", text: "else if (this.#isOwn) this.#own(row, view);", becomes: "else if (this.#isOwn && row.treatment !== \"message\") this.#own(row, view);" }],
    options: MESSAGES,
  },
  {
    name: "message-forgotten",
    breaks: "a record is forgotten when its writes are merged, although its messages were not told",
    edits: [{ in: "region", text: "done: isLast ? done : undefined", becomes: "done: isLast ? void done() : undefined" }],
    options: MESSAGES,
    caughtBy: 172,
  },
];
