import type { PolicyLine, PolicySaid } from "@meridian/wire";
import { writerId, type WriterId } from "@meridian/words";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PolicyRound } from "./policy-round.js";

const NAMES = ["ap", "br", "eu", "us"].map((name) => writerId(name, "0"));

interface Entry {
  readonly version: number;
  readonly said: PolicySaid | undefined;
}

/** A region as far as deciding is concerned: its log, what it has read of the others', and what it runs. */
class Member {
  readonly log: Entry[] = [];
  readonly cursors = new Map<Member, number>();
  readonly tables: (readonly PolicyLine[])[] = [];
  round: PolicyRound;
  readonly #seen = new Set<WriterId>();

  constructor(
    readonly writer: WriterId,
    readonly writers: readonly WriterId[],
  ) {
    this.round = this.#start(undefined);
  }

  #start(state: PolicyRound["state"] | undefined): PolicyRound {
    const peers = this.writers.filter((other) => other !== this.writer);
    const isDone = (): boolean => this.tables.length === 0 || peers.every((peer) => this.#seen.has(peer));
    const refusalOf = (lines: readonly PolicyLine[]): string => (lines.some(({ policy }) => policy === "bad") ? "bad" : "");
    const subject = { writer: this.writer, peers, version: () => this.tables.length, isDone, refusalOf };
    return new PolicyRound({ ...subject, isFenced: () => false, isSetAside: () => false }, state);
  }

  restart(): void {
    this.round = this.#start(JSON.parse(JSON.stringify(this.round.state)) as PolicyRound["state"]);
  }

  beat(): void {
    this.log.push({ version: this.tables.length, said: this.round.beat() });
    this.#switch();
  }

  /** Behind a step: the switch, if it is due. */
  #switch(): void {
    const { due } = this.round;
    if (!due) return;
    this.tables.push(due);
    this.#seen.clear();
    this.round.switched();
  }

  /** Takes the next entry of a peer's log, or one that it has taken before. */
  read(peer: Member, back: number): void {
    const next = this.cursors.get(peer) ?? 0;
    const at = Math.max(0, next - back);
    const entry = peer.log[at];
    if (!entry) return;
    if (entry.version > this.tables.length) this.round.learn(entry.version);
    else {
      if (entry.version === this.tables.length) this.#seen.add(peer.writer);
      this.round.hear(peer.writer, entry.said, []);
      this.cursors.set(peer, Math.max(next, at + 1));
    }
    this.#switch();
  }
}

type Action = readonly [kind: "beat" | "read" | "propose" | "cancel" | "restart", at: number, other: number];

const KINDS = ["beat", "beat", "read", "read", "read", "read", "propose", "cancel", "restart"] as const;

function meshOf(count: number): Member[] {
  const writers = NAMES.slice(0, count);
  return writers.map((writer) => new Member(writer, writers));
}

function perform(members: readonly Member[], [kind, at, other]: Action, named: number): void {
  const member = members[at % members.length] as Member;
  const peer = members[other % members.length] as Member;
  if (kind === "beat") member.beat();
  else if (kind === "read" && peer !== member) member.read(peer, other % 3 === 0 ? 1 : 0);
  else if (kind === "propose") member.round.propose([{ prefix: `p${named}`, policy: other % 5 === 0 ? "bad" : "local" }]);
  else if (kind === "cancel") member.round.cancel();
  else if (kind === "restart") member.restart();
}

describe("PolicyRound", () => {
  const actions = fc.array(fc.tuple(fc.constantFrom(...KINDS), fc.nat(11), fc.nat(11)), { maxLength: 200 });

  it("lets no two regions follow one version with different tables, whatever is proposed, cancelled, repeated and restarted, and ends", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 4 }), actions, (count, done) => {
        const members = meshOf(count);
        for (const [named, action] of done.entries()) perform(members, action, named);
        for (let turn = 0; turn < 40; turn += 1) {
          for (const member of members) {
            member.beat();
            for (const peer of members) for (let n = 0; peer !== member && n < 400; n += 1) member.read(peer, 0);
          }
        }
        const [first] = members as [Member];
        for (const { tables, round } of members) {
          expect(tables).toEqual(first.tables);
          expect(round.status.proposer).toBeUndefined();
        }
      }),
      { numRuns: 100 },
    );
  });

  it("switches nobody before all have answered, and the proposer first", () => {
    const [ap, eu, us] = meshOf(3) as [Member, Member, Member];
    expect(eu.round.propose([{ prefix: "a", policy: "local" }])).toBe("");
    eu.beat();
    ap.read(eu, 0);
    ap.beat();
    eu.read(ap, 0);
    expect(eu.round.status.waitsFor).toEqual([us.writer]);
    expect([ap, eu, us].map(({ tables }) => tables.length)).toEqual([0, 0, 0]);
    us.read(eu, 0);
    us.beat();
    eu.read(us, 0);
    expect([ap, eu, us].map(({ tables }) => tables.length)).toEqual([0, 1, 0]);
    eu.beat();
    ap.read(eu, 0);
    expect(ap.tables).toEqual(eu.tables);
  });

  it("of two that propose the smaller goes on, and the other says so; a refusal ends it", () => {
    const [ap, eu] = meshOf(2) as [Member, Member];
    expect(eu.round.propose([{ prefix: "a", policy: "local" }])).toBe("");
    expect(ap.round.propose([{ prefix: "b", policy: "local" }])).toBe("");
    expect(ap.round.propose([])).toContain("is under way");
    ap.beat();
    eu.read(ap, 0);
    expect(eu.round.status).toMatchObject({ proposer: ap.writer, ended: "gave way to a change that ap/0 has proposed" });
    expect(eu.round.propose([])).toContain("ap/0 has proposed");
    expect(eu.round.cancel()).toContain("cancel it there");
    eu.beat();
    ap.read(eu, 0);
    expect(ap.tables).toEqual([[{ prefix: "b", policy: "local" }]]);
    expect(ap.round.cancel()).toBe("there is no change under way");
  });
});
