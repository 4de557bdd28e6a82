import { commandIn, type ArgumentView } from "@meridian/commands";
import { writerId } from "@meridian/words";
import { describe, expect, it } from "vitest";
import { crosses } from "./crossing.js";
import { parsePolicy, PolicyTable, type Policy } from "../policies/policy-table.js";
import { Residency } from "../publish/residency.js";

const rows = [
  { prefix: "in:", policy: parsePolicy("regions=eu,us") as Policy },
  { prefix: "other:", policy: parsePolicy("regions=ap,eu") as Policy },
];
const residency = Residency.of(new PolicyTable(rows), writerId("eu", "0"), [writerId("us", "0"), writerId("ap", "0")]);

function viewOf(words: readonly string[]): ArgumentView {
  const starts: number[] = [];
  const ends: number[] = [];
  let text = "";
  for (const word of words) {
    starts.push(text.length);
    text += word;
    ends.push(text.length);
  }
  return { buffer: Buffer.from(text, "latin1"), argc: words.length, starts, ends };
}

function crossing(command: string): boolean {
  const view = viewOf(command.split(" "));
  const row = commandIn(view);
  if (!row || !residency) throw new Error(`no row for ${command}`);
  return crosses(row, view, residency);
}

describe("a command that carries what a key holds", () => {
  it.each([
    "RENAME in:a b", "RENAMENX in:a other:b", "COPY in:a b", "LMOVE in:a b LEFT RIGHT", "RPOPLPUSH in:a b", "SMOVE in:a b m",
    "SUNIONSTORE d a in:b", "SINTERSTORE d in:a b", "SDIFFSTORE d a in:b", "PFMERGE d in:a", "ZUNIONSTORE d 2 a in:b WEIGHTS 1 2",
    "ZRANGESTORE d in:a 0 -1", "GEOSEARCHSTORE d in:a FROMMEMBER m BYRADIUS 1 km", "BITOP AND d a in:b", "SORT in:a STORE d",
    "GEORADIUS in:g 1 1 1 km STORE d", "COPY other:a in:b",
  ])("crosses with %s", (command) => {
    expect(crossing(command)).toBe(true);
  });

  it.each([
    "RENAME in:a in:b", "RENAME a b", "RENAME a in:b", "SMOVE a b in:m", "SUNIONSTORE in:d a in:b", "ZUNIONSTORE d 1 a WEIGHTS in:1", "ZRANGESTORE d a in:0 -1",
    "BITOP AND in:d a b", "SORT in:a", "SORT a STORE in:d", "SET in:a in:b", "DEL in:a b",
  ])("does not with %s", (command) => {
    expect(crossing(command)).toBe(false);
  });
});
