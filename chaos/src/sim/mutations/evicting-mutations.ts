/** Mistakes with keys that servers drop to make room. */
import type { Mutation } from "./mutation.js";

/** See the module's comment. */
export const EVICTING: readonly Mutation[] = [
  {
    name: "eviction-taken-for-delete",
    breaks: "a key that a server drops to make room is deleted everywhere",
    edits: [{ in: "region", text: "if (this.#isEviction) return this.#context.onEvicted(this.db, argumentText(view, 1));", becomes: "" }],
    options: { faults: ["eviction"] },
  },
  {
    name: "evicted-key-created",
    breaks: "a write to an evicted key says that it makes it, and takes away what the others have of it",
    edits: [
      {
        in: "region",
        text: "if (entry.evicted) bringBack(entry, this.#context.keys, this.#context.onDiffers);",
        becomes: "if (entry.evicted) { entry.evicted = false; entry.expired = true; }",
      },
    ],
    options: { families: ["hash", "set"], faults: ["eviction"] },
  },
  {
    name: "events-out-of-step",
    breaks: "the event of a key's end by another command is taken for that of the deletion behind it",
    edits: [{ in: "region", text: "else if (was && !is) this.#of(db, key).owed += 1;", becomes: "" }],
    options: { families: ["set"], faults: ["eviction"] },
  },
  {
    name: "evicted-key-stays-away",
    breaks: "a peer's write to an evicted key is merged, and the server gets nothing of the rest",
    edits: [{ in: "region", text: "for (const { entry } of taken.slots) if (entry.evicted) bringBack(entry, keys, this.#retry);", becomes: "" }],
    options: { faults: ["eviction"] },
  },
  {
    name: "evicted-sketch-replaced",
    breaks: "what a client adds to an evicted sketch takes away what its own region had added before, everywhere",
    edits: [{ in: "merge", text: "return isBefore && !change.unseen.some((unseen) => sameDot(unseen, dot));", becomes: "return isBefore && (dot.writer === change.writer || !change.unseen.some((unseen) => sameDot(unseen, dot)));" }],
    options: { families: ["sketch"], faults: ["eviction"] },
  },
  {
    name: "what-goes-brings-its-type",
    breaks: "who removes several cells of a key takes it for one of several types, and with it what no client has seen",
    edits: [{ in: "region", text: "emptyBase(change) { this.entry.clash = undefined;", becomes: "emptyBase(change) { this.entry.addType(this.kind);" }],
    options: { faults: ["eviction"], limits: true },
    caughtBy: 74002414,
  },
];
