import type { AbsenceSaid } from "@meridian/wire";
import { groupWriter, VersionVector, writerId, type Hlc, type WriterId } from "@meridian/words";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Absence } from "./absence.js";

const LIMIT_MS = 100;
const NAMES = ["ap", "br", "eu", "sa", "us"].map((name) => writerId(name, "0"));

type Entry = { readonly version: Hlc } | { readonly said: AbsenceSaid | undefined };

/** A region as far as absence is concerned: its log, what it has taken of the others', and the machine. */
class Member {
  readonly writer: WriterId;
  readonly log: Entry[] = [];
  readonly cursors = new Map<Member, number>();
  readonly received = new VersionVector();
  absence: Absence;
  isShutOut = false;
  readonly #peers: readonly WriterId[];

  constructor(writer: WriterId, writers: readonly WriterId[]) {
    this.writer = writer;
    this.#peers = writers.filter((other) => other !== writer);
    this.absence = this.#start(undefined);
  }

  #start(state: Absence["state"] | undefined): Absence {
    const onFenced = (): void => {
      this.isShutOut = true;
    };
    const own = { writer: this.writer, peers: this.#peers, absentAfterMs: LIMIT_MS };
    return new Absence({ ...own, received: () => this.received, onFenced }, state);
  }

  /** A new life, with what was stored. */
  restart(): void {
    this.absence = this.#start(JSON.parse(JSON.stringify(this.absence.state)) as Absence["state"]);
  }

  write(): void {
    if (!this.isShutOut) this.log.push({ version: (this.log.length + 1) as Hlc });
  }

  beat(nowMs: number): void {
    if (!this.isShutOut) this.log.push({ said: this.absence.beat(nowMs) });
  }

  /** Takes the next entry of a peer's log. False: there is none, or it waits, or is refused. */
  read(peer: Member): boolean {
    const at = this.cursors.get(peer) ?? 0;
    const entry = peer.log[at];
    if (!entry || this.isShutOut) return false;
    this.absence.arrived(peer.writer);
    if ("said" in entry) this.absence.hear(peer.writer, entry.said);
    else {
      if (this.absence.lets(peer.writer, entry.version) !== "take") return false;
      this.received.raise(peer.writer, entry.version);
    }
    this.cursors.set(peer, at + 1);
    return true;
  }

  get cuts(): string {
    return JSON.stringify(this.absence.status.fenced.map(({ writer, cut }) => `${writer}@${cut}`).sort());
  }
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("read" as const), at: fc.nat(4), from: fc.nat(4), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("beat" as const), at: fc.nat(4), afterMs: fc.constantFrom(0, 5, 40, 1000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("write" as const), at: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const), at: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cut" as const), at: fc.nat(4), from: fc.nat(4) }) },
  // What the last region writes reaches the others now and then, while they talk to each other; one of them may not listen.
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("last writes" as const), at: fc.nat(4), count: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("round" as const), at: fc.nat(8), afterMs: fc.constantFrom(10, 40) }) },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function run(count: number, steps: readonly Step[]): Member[] {
  const writers = NAMES.slice(0, count);
  const members = writers.map((writer) => new Member(writer, writers));
  const of = (at: number): Member => members[at % count] as Member;
  const cuts = new Set<string>();
  let nowMs = 1000;
  for (const one of steps) {
    const own = of(one.at);
    const last = of(count - 1);
    if (one.kind === "write") own.write();
    else if (one.kind === "round") talk(members.filter((member, at) => member !== last && at !== one.at), (nowMs += one.afterMs));
    else if (one.kind === "last writes") {
      for (let left = one.count; left > 0; left -= 1) last.write();
      if (own !== last) for (let left = one.count; left > 0 && own.read(last); left -= 1);
    }
    else if (one.kind === "restart") own.restart();
    else if (one.kind === "beat") own.beat((nowMs += one.afterMs));
    else {
      const link = `${one.at % count} ${one.from % count}`;
      // A way that was cut stays so until the end, or until it is mended.
      if (one.kind === "cut" && !cuts.delete(link)) cuts.add(link);
      if (one.kind === "cut") continue;
      if (own !== of(one.from) && !cuts.has(link)) for (let left = one.count; left > 0 && own.read(of(one.from)); left -= 1);
    }
  }
  heal(members, nowMs);
  return members;
}

/** Some regions tell each other how far they are, and hear it. */
function talk(members: readonly Member[], nowMs: number): void {
  for (const one of members) one.beat(nowMs);
  for (const one of members) for (const other of members) if (one !== other) while (one.read(other));
}

/** Everything is delivered, and everybody says again what there is to say, until nothing changes. */
function heal(members: readonly Member[], nowMs: number): void {
  for (let round = 0; round < 12; round += 1) talk(members, nowMs);
}

describe("regions that stay away", () => {
  it("are fenced by all others at one version, or by nobody, whatever is late, cut off or restarted", () => {
    const fenced = new Map<number, number>();
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5 }), fc.array(step, { minLength: 40, maxLength: 160, size: "max" }), (count, steps) => {
        const members = run(count, steps);
        const left = members.filter(({ isShutOut }) => !isShutOut);
        const gone = members.filter(({ isShutOut }) => isShutOut);
        fenced.set(gone.length, (fenced.get(gone.length) ?? 0) + 1);
        expect(left.length).toBeGreaterThan(0);
        expect(new Set(left.map(({ cuts }) => cuts)).size).toBe(1);
        for (const { absence, received } of left) {
          expect(absence.status.fenced.map(({ writer }) => writer).sort()).toEqual(gone.map(({ writer }) => writer).sort());
          for (const { writer, cut, isOut } of absence.status.fenced) expect([isOut, received.get(writer)]).toEqual([true, cut]);
          expect([absence.status.asked, absence.status.boundTo]).toEqual([[], undefined]);
        }
      }),
      { numRuns: 300 },
    );
    expect((fenced.get(1) ?? 0) + (fenced.get(2) ?? 0)).toBeGreaterThan(5);
  });

  it("are not counted out before the record of it is durable, and everything up to the cut was received", () => {
    const [ap, br] = run(2, []) as [Member, Member];
    br.write();
    for (let beat = 0; beat < 4; beat += 1) ap.beat(2000 + beat * LIMIT_MS);
    expect(ap.absence.status.fenced).toEqual([{ writer: "br/0", cut: 0, isOut: false }]);
    ap.beat(2000 + 6 * LIMIT_MS);
    expect(ap.absence.isOut(br.writer)).toBe(true);
    expect(ap.absence.lets(br.writer, 1 as Hlc)).toMatchObject({ code: "FENCED" });
    expect(ap.absence.isFenced(groupWriter(br.writer, "ap+br"))).toBe(true);
    while (br.read(ap));
    expect(br.isShutOut).toBe(true);
  });

  it("are never fenced by half of the regions without the smallest, or by less", () => {
    const [, br] = run(2, []) as [Member, Member];
    for (let beat = 0; beat < 20; beat += 1) br.beat(2000 + beat * LIMIT_MS);
    expect(br.absence.status).toMatchObject({ fenced: [], silent: ["ap/0"], asked: [] });
  });

  it("are answered for to one asker at a time, until that says that it is over", () => {
    const [ap, br, eu, us] = NAMES.slice(0, 4) as [WriterId, WriterId, WriterId, WriterId];
    const member = new Member(eu, [ap, br, eu, us]);
    for (let at = 0; at < 6; at += 1) member.beat(2000 + at * LIMIT_MS);
    const { absence } = member;
    const asks = (absent: readonly WriterId[], round = 1): AbsenceSaid => ({ round, asked: absent, answer: undefined, fenced: [] });
    absence.hear(ap, asks([us]));
    absence.hear(br, asks([ap]));
    expect(absence.status).toMatchObject({ boundTo: ap, absent: [us] });
    expect([absence.lets(us, 1 as Hlc), absence.lets(ap, 1 as Hlc)]).toEqual(["wait", "take"]);
    expect([absence.isSetAside(us), absence.isSetAside(groupWriter(us, "eu+us")), absence.isSetAside(ap)]).toEqual([true, true, false]);
    absence.hear(ap, asks([]));
    absence.hear(ap, asks([us]));
    expect(absence.status).toMatchObject({ boundTo: undefined });
    absence.hear(br, asks([ap]));
    expect(absence.status).toMatchObject({ boundTo: br, absent: [ap] });
  });

  it("are taken for absent only while this region's own clock goes on evenly", () => {
    const [ap] = run(2, []) as [Member, Member];
    ap.beat(2000);
    ap.beat(2000 + 1000 * LIMIT_MS);
    expect(ap.absence.status.silent).toEqual([]);
  });
});
