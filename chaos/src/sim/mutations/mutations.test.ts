/**
 * The list of mutations stays true: every text that it names stands in the compiled code once, and the quickest ones are
 * caught. All of them: `npm run sim -- --mutations`.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CompiledCopy, findEdit } from "./compiled-copy.js";
import { placesOf } from "./mutation.js";
import { MUTATIONS } from "./mutation-list.js";
import { tryMutation } from "./mutation-trial.js";

/** Caught by one of the first runs, by different checkers. */
const QUICK: readonly string[] = ["ties-by-arrival", "contexts-on-receipt", "counters-set", "published-before-committed"];
const RUNS_MAX = 500;
const TRIAL_MS = 120_000;

describe("a mutation", () => {
  it.each(MUTATIONS.map((mutation) => [mutation.name, mutation] as const))("%s still has its text in the code", (_name, { edits }) => {
    for (const edit of edits) {
      expect(edit.becomes).not.toBe(edit.text);
      findEdit(edit);
    }
  });

  it("has a name of its own", () => {
    expect(new Set(MUTATIONS.map(({ name }) => name)).size).toBe(MUTATIONS.length);
  });

  it("finds its text whatever the whitespace, and says where it stands more than once or not at all", () => {
    expect(placesOf("if (a) b.c;", "x;\nif (a)\n    b.c; if (a) b.c;")).toEqual([[3, 18], [19, 30]]);
    expect(() => findEdit({ in: "merge", text: "no such text", becomes: "" })).toThrow(/stands 0 times in libs\/merge\/dist/);
  });
});

describe("the simulator", () => {
  let copy: CompiledCopy;
  beforeAll(() => {
    copy = new CompiledCopy();
  });
  afterAll(() => {
    copy.close();
  });

  it.each(QUICK)("catches %s", { timeout: TRIAL_MS }, async (name) => {
    const mutation = MUTATIONS.find((known) => known.name === name);
    if (!mutation) expect.fail(`no mutation ${name}`);
    const { caught } = await tryMutation(copy, mutation, RUNS_MAX);
    expect(caught?.checker).toEqual(expect.any(String));
  });
});
