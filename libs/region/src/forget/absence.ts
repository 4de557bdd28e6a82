/**
 * Regions that stay away: how the others agree to go on without one.
 *
 * A peer of which nothing came for `absentAfterMs` is *silent*. The smallest writer that is not silent asks, in its heartbeats,
 * whether the silent ones are so for all others too, and is bound by nothing itself. Who agrees answers up to where it has
 * received them, and is *bound*: it takes nothing more of them until the asker's heartbeat says that the question is over. Once
 * all have answered, the asker decides: the silent ones are *fenced*, each at its *cut*, the highest version that anybody has
 * received. From then on everybody takes a fenced region's log up to the cut and refuses what stands behind it, so all come to
 * hold the same of it; one who has everything up to the cut counts it out, once its own heartbeat that says so is durable.
 *
 * Why two halves never fence each other: a decision needs an answer of every region that is not fenced, more than half of all
 * (or half, with the smallest writer), and a region is bound to one asker at a time. Two decisions that contradict each other
 * would need one region in both. Who is fenced is said in every heartbeat of everybody, beside the answers, so that who decides
 * knows all earlier decisions.
 *
 * Refuses to decide while its own log does not take heartbeats, because then nobody can be heard. A region that answered waits
 * for its asker: where that goes away before it has decided, nothing is decided until it is back.
 */
import { groupOf, HLC_ZERO, mainWriter, VersionVector, type Hlc, type ReadonlyVector, type WriterId } from "@meridian/words";
import type { AbsenceSaid, Cut } from "@meridian/wire";
import type { Halt, Hold } from "../effects.js";

/** Silence counts in steps of at most this part of the limit: an agent that was suspended itself takes nobody for absent. */
const SILENCE_STEPS = 4;

/** What of it is kept. Plain JSON. */
export interface AbsenceState {
  /** The last question that this region has asked. */
  readonly round: number;
  readonly answer: AbsenceSaid["answer"];
  /** The last question of each asker that was answered. */
  readonly answered: readonly (readonly [WriterId, number])[];
  readonly fenced: readonly Cut[];
}

/** What absence needs to know of its region. */
export interface AbsenceSubject {
  readonly writer: WriterId;
  readonly peers: readonly WriterId[];
  /** Under which peers write what only some regions get, this one among them. A region is fenced with all of its logs. */
  readonly inGroups?: readonly WriterId[];
  /** Undefined: nobody is ever taken for absent here. */
  readonly absentAfterMs: number | undefined;
  readonly received: () => ReadonlyVector;
  /** This region itself was fenced by the others. */
  readonly onFenced: (halt: Halt) => void;
}

/** A region that is fenced, for the operator. */
export interface FencedPeer {
  readonly writer: WriterId;
  readonly cut: Hlc;
  /** False while this region still needs its log up to the cut. */
  readonly isOut: boolean;
}

/** What is under way, for the operator. */
export interface AbsenceStatus {
  readonly fenced: readonly FencedPeer[];
  /** Silent for longer than the limit. */
  readonly silent: readonly WriterId[];
  /** Asked by this region, and not answered by all. */
  readonly asked: readonly WriterId[];
  /** Whom this region has answered, and takes nothing of `absent` meanwhile. */
  readonly boundTo: WriterId | undefined;
  readonly absent: readonly WriterId[];
}

/** See the module's comment. */
export class Absence {
  readonly #subject: AbsenceSubject;
  readonly #silentMs = new Map<WriterId, number>();
  readonly #fenced: Map<WriterId, Hlc>;
  readonly #answered: Map<WriterId, number>;
  /** Said in a heartbeat that is durable. */
  readonly #confirmed = new Set<WriterId>();
  #said: readonly WriterId[] = [];
  #round: number;
  #answer: AbsenceSaid["answer"];
  #open: { readonly absent: readonly WriterId[]; readonly answers: Map<WriterId, readonly Cut[]> } | undefined;
  #lastMs: number | undefined;
  /** True where what is kept has changed since it was asked for. */
  changed = false;

  constructor(subject: AbsenceSubject, state: AbsenceState | undefined) {
    this.#subject = subject;
    this.#round = state?.round ?? 0;
    this.#answer = state?.answer;
    this.#answered = new Map(state?.answered);
    this.#fenced = new Map(state?.fenced.map(({ writer, version }) => [writer, version] as const));
  }

  get state(): AbsenceState {
    return { round: this.#round, answer: this.#answer, answered: [...this.#answered], fenced: cutsOf(this.#fenced) };
  }

  get status(): AbsenceStatus {
    return {
      fenced: [...this.#fenced].map(([writer, cut]) => ({ writer, cut, isOut: this.isOut(writer) })),
      silent: this.#silent(),
      asked: this.#open?.absent ?? [],
      boundTo: this.#answer?.to,
      absent: (this.#answer?.received ?? []).map(({ writer }) => writer).filter((writer) => groupOf(writer) === ""),
    };
  }

  /** True while there is something that the others wait for. */
  get speaks(): boolean {
    return this.#open !== undefined || this.#answer !== undefined || this.#fenced.size > this.#confirmed.size;
  }

  /** True where the others went on without the region whose log this is. */
  isFenced(writer: WriterId): boolean {
    return this.#fenced.has(mainWriter(writer));
  }

  /** True where nothing more of the region is followed: it is fenced, or this region has answered whom asks whether it is to be. */
  isSetAside(writer: WriterId): boolean {
    return this.isFenced(writer) || this.#isInQuestion(mainWriter(writer));
  }

  #isInQuestion(main: WriterId): boolean {
    return this.#answer?.received.some((bound) => bound.writer === main) === true;
  }

  /** True where the region is fenced and nothing of it is still to come: nothing waits for it any more. */
  isOut(writer: WriterId): boolean {
    const cut = this.#cutOf(writer);
    return cut !== undefined && this.#confirmed.has(mainWriter(writer)) && this.#subject.received().get(writer) >= cut;
  }

  /** Of a group's log of which nobody had received anything, nothing counts. */
  #cutOf(writer: WriterId): Hlc | undefined {
    return this.#fenced.get(writer) ?? (this.#fenced.has(mainWriter(writer)) ? HLC_ZERO : undefined);
  }

  /** Something came from a peer, or waits here to be taken. */
  arrived(writer: WriterId): void {
    this.#silentMs.set(mainWriter(writer), 0);
  }

  /** Whether a frame that ends with `last` may be taken, has to wait, or is refused. */
  lets(writer: WriterId, last: Hlc): "take" | "wait" | Hold {
    const cut = this.#cutOf(writer);
    if (cut === undefined) return this.#isInQuestion(mainWriter(writer)) ? "wait" : "take";
    if (last <= cut) return "take";
    return { writer, code: "FENCED", reason: `${writer} was away for too long and was fenced at version ${cut}; what it wrote behind that is refused` };
  }

  /** A heartbeat of a peer, in the order of its log. */
  hear(writer: WriterId, said: AbsenceSaid | undefined): void {
    if (!said || this.#fenced.has(writer)) return;
    for (const { writer: other, version } of said.fenced) this.#learn(other, version, writer);
    if (this.#answer?.to === writer && isOver(said, this.#answer.round)) {
      this.#answer = undefined;
      this.changed = true;
    }
    if (said.asked.length > 0) this.#consider(writer, said);
    const { answer } = said;
    if (this.#open && answer?.to === this.#subject.writer && answer.round === this.#round) {
      this.#open.answers.set(writer, answer.received);
      this.#conclude();
    }
  }

  /** Everything that was said so far is durable in this region's log, and it says something again. */
  beat(nowMs: number): AbsenceSaid | undefined {
    for (const writer of this.#said) this.#confirmed.add(writer);
    this.#count(nowMs);
    this.#ask();
    this.#said = [...this.#fenced.keys()];
    if (this.#round === 0 && !this.#answer && this.#fenced.size === 0) return undefined;
    return { round: this.#round, asked: this.#open?.absent ?? [], answer: this.#answer, fenced: cutsOf(this.#fenced) };
  }

  #count(nowMs: number): void {
    const { absentAfterMs, peers } = this.#subject;
    const sinceMs = nowMs - (this.#lastMs ?? nowMs);
    this.#lastMs = nowMs;
    if (absentAfterMs === undefined) return;
    const stepMs = Math.min(Math.max(0, sinceMs), absentAfterMs / SILENCE_STEPS);
    for (const peer of peers) this.#silentMs.set(peer, (this.#silentMs.get(peer) ?? 0) + stepMs);
  }

  #silent(): WriterId[] {
    return this.#subject.peers.filter((peer) => !this.#fenced.has(peer) && this.#isSilent(peer)).sort();
  }

  #isSilent(peer: WriterId): boolean {
    const { absentAfterMs } = this.#subject;
    return absentAfterMs !== undefined && (this.#silentMs.get(peer) ?? 0) >= absentAfterMs;
  }

  /** All that are not fenced, this region included. */
  #members(): WriterId[] {
    const { writer, peers } = this.#subject;
    return [writer, ...peers].filter((member) => !this.#fenced.has(member)).sort();
  }

  /** Asks, or takes back what was asked because somebody has come back or more are gone. */
  #ask(): void {
    const silent = this.#silent();
    if (this.#open && this.#open.absent.join() !== silent.join()) this.#close();
    if (this.#open || this.#answer || silent.length === 0) return;
    const members = this.#members();
    const others = members.filter((member) => !silent.includes(member));
    const isEnough = others.length * 2 > members.length || (others.length * 2 === members.length && others[0] === members[0]);
    if (others[0] !== this.#subject.writer || !isEnough) return;
    this.#round += 1;
    this.#open = { absent: silent, answers: new Map() };
    this.changed = true;
    this.#conclude();
  }

  #close(): void {
    this.#open = undefined;
    this.changed = true;
  }

  /** Answers a question, if it is the same here, and this region has no other one to wait for. */
  #consider(asker: WriterId, { round, asked }: AbsenceSaid): void {
    if (this.#answer || round <= (this.#answered.get(asker) ?? 0)) return;
    if (!asked.every((one) => this.#fenced.has(one) || (this.#subject.peers.includes(one) && this.#isSilent(one)))) return;
    // Of two that ask the smaller goes on.
    if (this.#open && this.#subject.writer < asker) return;
    this.#open = undefined;
    const received = this.#subject.received();
    this.#answer = { to: asker, round, received: this.#logsOf(asked).map((writer) => ({ writer, version: received.get(writer) })) };
    this.#answered.set(asker, round);
    this.changed = true;
  }

  /** The logs of regions: those that everybody reads, and those of groups that this region reads. */
  #logsOf(regions: readonly WriterId[]): WriterId[] {
    return [...regions, ...(this.#subject.inGroups ?? []).filter((writer) => regions.includes(mainWriter(writer)))];
  }

  #conclude(): void {
    const open = this.#open;
    if (!open) return;
    const others = this.#members().filter((member) => member !== this.#subject.writer && !open.absent.includes(member));
    if (!others.every((member) => open.answers.has(member)) || !open.absent.every((one) => this.#isSilent(one))) return;
    const cuts = new VersionVector();
    const received = this.#subject.received();
    for (const writer of this.#logsOf(open.absent)) cuts.raise(writer, received.get(writer));
    for (const member of others) for (const { writer, version } of open.answers.get(member) ?? []) cuts.raise(writer, version);
    for (const writer of open.absent) this.#fenced.set(writer, cuts.get(writer));
    for (const [writer, cut] of cuts.entries()) if (open.absent.includes(mainWriter(writer))) this.#fenced.set(writer, cut);
    this.#close();
  }

  #learn(writer: WriterId, cut: Hlc, by: WriterId): void {
    if (mainWriter(writer) === this.#subject.writer) {
      this.#subject.onFenced(shutOut(by, cut));
      return;
    }
    if (this.#fenced.has(writer)) return;
    this.#fenced.set(writer, cut);
    // What was asked with it in mind is another question now.
    if (this.#open) this.#close();
    this.changed = true;
  }
}

/** True where nothing of this region is published, applied or acknowledged: the others went on without it, or its store is too old. */
export function isShutOut(halt: Halt | undefined): boolean {
  return halt?.code === "ABSENT_TOO_LONG" || halt?.code === "STORE_BEHIND";
}

function shutOut(by: WriterId, cut: Hlc): Halt {
  return {
    code: "ABSENT_TOO_LONG",
    reason: `this region was away for longer than the others' limit, and they went on without it: ${by} says that nothing of it counts behind version ${cut}`,
    advice: "what was written here since is refused everywhere, and nothing of the others is applied: keep clients away, and rebuild this region from a peer under a name of its own",
  };
}

function cutsOf(cuts: ReadonlyMap<WriterId, Hlc>): Cut[] {
  return [...cuts].map(([writer, version]) => ({ writer, version }));
}

/** True where the asker says that it does not ask any more. */
function isOver({ round, asked }: AbsenceSaid, answered: number): boolean {
  return round > answered || (round === answered && asked.length === 0);
}
