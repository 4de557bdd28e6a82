/** Regions that change their policies while some of them stay away and are fenced. */
import { MemoryStore } from "@meridian/store";
import { groupWriter, writerId, type WriterId } from "@meridian/words";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GROUP, Member, type Logs } from "./policy-bed.js";
import type { PolicyTable } from "./policy-table.js";
import { tableOf } from "./policy-transition.js";

const NAMES = ["ap", "br", "eu", "sa", "us"].map((name) => writerId(name, "0"));

const kinds = fc.oneof(
  { weight: 8, arbitrary: fc.constant("read" as const) },
  { weight: 6, arbitrary: fc.constant("beat" as const) },
  { weight: 2, arbitrary: fc.constant("write" as const) },
  { weight: 1, arbitrary: fc.constant("restart" as const) },
  { weight: 2, arbitrary: fc.constant("propose" as const) },
  { weight: 1, arbitrary: fc.constant("cancel" as const) },
  { weight: 1, arbitrary: fc.constant("cut" as const) },
  { weight: 1, arbitrary: fc.constant("lose" as const) },
  { weight: 8, arbitrary: fc.constant("round" as const) },
);
const numbers = { at: fc.nat(4), from: fc.nat(4), count: fc.integer({ min: 1, max: 3 }), afterMs: fc.constantFrom(0, 5, 40, 40) };
const step = fc.record({ kind: kinds, ...numbers });

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const logsOf = ({ writer }: Member): WriterId[] => [writer, groupWriter(writer, GROUP)];

class Mesh {
  readonly members: readonly Member[];
  readonly #logs: Logs = new Map();
  readonly #cuts = new Set<string>();
  #nowMs = 1000;
  #named = 0;

  constructor(count: number) {
    const writers = NAMES.slice(0, count);
    this.members = writers.map((writer) => new Member(writer, writers, this.#logs, new MemoryStore()));
  }

  perform({ kind, at, from, count, afterMs }: Step): void {
    const own = this.#of(at);
    const other = this.#of(from);
    if (kind === "write") own.write(count === 1);
    else if (kind === "restart") own.start();
    else if (kind === "beat") own.beat((this.#nowMs += afterMs));
    else if (kind === "cancel") own.change.cancel();
    else if (kind === "propose") own.change.propose(this.#table(count));
    else if (kind === "round") this.#talk(this.members.filter((one) => one !== own && (count > 1 || one !== other)), afterMs);
    else if (own !== other) {
      const link = `${own.writer} ${other.writer}`;
      // A way that was cut stays so until it is mended.
      if (kind === "lose") own.lose(other.writer);
      if (kind === "cut" && !this.#cuts.delete(link)) this.#cuts.add(link);
      if (kind === "read" && !this.#cuts.has(link)) for (const log of logsOf(other)) own.read(log, count);
    }
  }

  #of(at: number): Member {
    return this.members[at % this.members.length] as Member;
  }

  #table(count: number): PolicyTable {
    this.#named += 1;
    return tableOf(count === 1 ? [] : [{ prefix: `p${this.#named}`, policy: count === 2 ? "local" : "home=eu" }]) as PolicyTable;
  }

  /** Some tell each other, and hear it. */
  #talk(members: readonly Member[], afterMs: number): void {
    this.#nowMs += afterMs;
    for (const one of members) one.beat(this.#nowMs);
    for (const one of members) {
      for (const other of members) {
        if (one === other || this.#cuts.has(`${one.writer} ${other.writer}`)) continue;
        for (const log of logsOf(other)) while (one.read(log, 2));
        one.flush();
      }
    }
  }

  /** Everything is delivered, and everybody says again what there is to say. */
  heal(): void {
    this.#cuts.clear();
    for (const one of this.members) one.start();
    for (let round = 0; round < 16; round += 1) this.#talk(this.members, 0);
  }
}

describe("policies that change while regions stay away", () => {
  it("are the same in all regions that count, nothing is taken that was written under another table, and no change stays open", () => {
    const seen = { fenced: 0, changed: 0, both: 0 };
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5 }), fc.array(step, { minLength: 60, maxLength: 240, size: "max" }), (count, steps) => {
        const mesh = new Mesh(count);
        for (const one of steps) mesh.perform(one);
        mesh.heal();
        const left = mesh.members.filter(({ isShutOut }) => !isShutOut);
        const [first] = left as [Member];
        const version = first.change.status.version;
        seen.fenced += left.length < count ? 1 : 0;
        seen.changed += version > 0 ? 1 : 0;
        seen.both += left.length < count && version > 0 ? 1 : 0;
        for (const { change, tables, holds, strange, absence, received, followed } of left) {
          expect([...tables]).toEqual([...first.tables]);
          expect(change.status).toMatchObject({ version, stage: "done", awaits: [], proposed: undefined });
          expect(holds.filter((hold) => !hold.endsWith(" FENCED"))).toEqual([]);
          expect(strange).toEqual([]);
          for (const { writer, cut } of absence.status.fenced) if (followed.includes(writer)) expect(received.get(writer)).toBe(cut);
        }
      }),
      { numRuns: 150 },
    );
    expect(Math.min(seen.fenced, seen.changed, seen.both)).toBeGreaterThan(10);
  });

  it("are not followed where a region has decided them that may be fenced: one region alone could follow the next that is asked about", () => {
    const [ap, br, eu, sa] = new Mesh(4).members as [Member, Member, Member, Member];
    const hear = (one: Member, ...others: readonly Member[]): void => others.forEach((other) => one.read(other.writer, 1000));
    let nowMs = 1000;
    /** So long that whoever says nothing is silent, up to where `ap` asks. */
    const talk = (...members: readonly Member[]): void => {
      for (let round = 0; ap.absence.status.asked.length === 0 && round < 9; round += 1) {
        nowMs += 40;
        for (const one of members) one.beat(nowMs);
        for (const one of members) hear(one, ...members.filter((other) => other !== one));
      }
    };
    const answer = (...members: readonly Member[]): void => members.forEach((one) => one.beat(nowMs));
    expect(eu.change.propose(tableOf([{ prefix: "p", policy: "local" }]) as PolicyTable)).toBe("");
    eu.beat(nowMs);
    for (const one of [ap, br, sa]) hear(one, eu);
    answer(ap, br, sa);
    hear(eu, ap, br, sa);
    expect(eu.change.status.version).toBe(1);
    talk(ap, br, sa);
    expect([ap.absence.status.asked, sa.absence.status.boundTo]).toEqual([[eu.writer], ap.writer]);
    answer(br, sa);
    eu.beat(nowMs);
    hear(sa, eu);
    hear(ap, br, sa);
    for (const one of [ap, br]) answer(one);
    hear(br, ap);
    talk(ap, br);
    expect([ap.absence.status.asked, br.absence.status.boundTo]).toEqual([[sa.writer], ap.writer]);
    answer(br, sa);
    hear(ap, br);
    hear(br, sa, ap);
    for (let round = 0; round < 3; round += 1) {
      answer(ap, br);
      hear(ap, br, sa, eu);
      hear(br, ap, sa, eu);
    }
    for (const { absence } of [ap, br]) expect(absence.status.fenced.map(({ writer }) => writer)).toEqual([eu.writer, sa.writer]);
    const { tables } = ap;
    expect([br.tables, ap.change.status.proposed, br.change.status.proposed]).toEqual([tables, undefined, undefined]);
  });

  it("are not followed in a fenced region's log of a group either, of which nothing counts", () => {
    const [ap, br, eu] = new Mesh(3).members as [Member, Member, Member];
    const hear = (one: Member, ...others: readonly Member[]): void => others.forEach((other) => one.read(other.writer, 1000));
    let nowMs = 1000;
    expect(eu.change.propose(tableOf([{ prefix: "p", policy: "local" }]) as PolicyTable)).toBe("");
    eu.beat(nowMs);
    for (const one of [ap, br]) {
      hear(one, eu);
      one.beat(nowMs);
    }
    hear(eu, ap, br);
    eu.beat(nowMs);
    for (let round = 0; !ap.absence.isFenced(eu.writer) && round < 20; round += 1) {
      nowMs += 40;
      for (const one of [ap, br]) one.beat(nowMs);
      hear(br, ap);
      hear(ap, br);
    }
    ap.beat(nowMs);
    hear(br, ap);
    expect([ap.change.status.proposed?.by, br.change.status.proposed]).toEqual([eu.writer, undefined]);
    ap.read(groupWriter(eu.writer, GROUP), 1000);
    expect([ap, br, eu].map(({ change }) => change.status.version)).toEqual([0, 0, 1]);
  });

  it("keep a region that comes later out, with all that it writes, once they have changed: it has not heard of what was decided", () => {
    const [ap, br] = new Mesh(2).members as [Member, Member];
    const talk = (...members: readonly Member[]): void => {
      for (let round = 0; round < 5; round += 1) {
        for (const one of members) one.beat(1000);
        for (const one of members) for (const { writer } of members) one.read(writer, 1000);
        for (const one of members) one.flush();
      }
    };
    for (const rows of [[{ prefix: "p", policy: "local" }], [{ prefix: "q", policy: "local" }]]) {
      expect(ap.change.propose(tableOf(rows) as PolicyTable)).toBe("");
      talk(ap, br);
    }
    expect([ap, br].map(({ change }) => [change.status.version, change.status.stage])).toEqual([[2, "done"], [2, "done"]]);
    const eu = new Member(NAMES[2] as WriterId, NAMES.slice(0, 3), ap.logs, new MemoryStore());
    for (const one of [ap, br]) one.meet(eu);
    eu.write(false);
    talk(ap, br, eu);
    for (const one of [ap, br]) expect([one.holds, one.received.get(eu.writer), one.strange]).toEqual([["eu/0 POLICY_MISMATCH"], 0, []]);
    expect(eu.holds).toEqual(["ap/0 POLICY_MISMATCH", "br/0 POLICY_MISMATCH"]);
  });
});
