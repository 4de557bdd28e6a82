/**
 * How all regions come to change their policies: one proposes, all answer, and what all have agreed to is decided.
 *
 * A proposal is the whole table that is to follow version n. It travels in the heartbeats of its region, which stand in the log
 * in their order and move no frontier. Who finds it sound answers in its own heartbeats, and is *bound*: it holds the table, and
 * answers nobody else until the proposer says that it is over, or that it runs version n + 1. A region that has not finished
 * the change to n, or that is away, does not answer, and the change waits for it. When all have answered, the proposer
 * switches. That it did stands in everything that it publishes from there on, and is the decision: who reads there of
 * version n + 1 holds the table, and switches before it takes anything that was written under it.
 *
 * Why only one table follows version n: deciding needs the answer of every other region that is not fenced. Of two that propose,
 * one would have to answer the other; and who answers has none of its own any more. The smaller writer goes on: the other takes
 * its own back, and says so.
 *
 * A proposer that dies goes on from its store. One that was fenced is not listened to any more: who is bound to it is free again
 * when all others have said that they fence it, and that they still run n. So nobody can have read the decision, nor will: it is
 * learned from nobody who is fenced, and neither while this region has answered that somebody may be. Who answered so under n, and
 * read n + 1 there before it hears that the question is over, would follow alone. POLICIES.md has what must hold, place by place.
 */
import type { PolicyLine, PolicySaid } from "@meridian/wire";
import type { WriterId } from "@meridian/words";

/** What is kept of it. Plain JSON. */
export interface PolicyRoundState {
  /** The last change that this region has proposed. */
  readonly round: number;
  readonly open: readonly PolicyLine[] | undefined;
  readonly held: HeldProposal | undefined;
  /** The last proposal of each region that was answered. */
  readonly answered: readonly (readonly [WriterId, number])[];
  /** What became of this region's last proposal. */
  readonly ended: string;
}

/** A proposal that was answered, until it is over. */
export interface HeldProposal {
  readonly to: WriterId;
  readonly round: number;
  readonly lines: readonly PolicyLine[];
  /** Empty: this region goes along. */
  readonly refusal: string;
}

/** What a round needs to know of its region. */
export interface PolicyRoundSubject {
  readonly writer: WriterId;
  readonly peers: readonly WriterId[];
  /** How many changes this region has gone through. */
  readonly version: () => number;
  /** The last change is finished here. */
  readonly isDone: () => boolean;
  readonly isFenced: (writer: WriterId) => boolean;
  /** It is fenced, or this region has answered a question whether it is to be: what it has decided is not followed meanwhile. */
  readonly isSetAside: (writer: WriterId) => boolean;
  /** Why a table is refused; empty: it is not. */
  readonly refusalOf: (lines: readonly PolicyLine[]) => string;
}

/** What is under way, for the operator. */
export interface PolicyRoundStatus {
  /** Whose proposal it is; undefined: nobody proposes anything, as far as this region knows. */
  readonly proposer: WriterId | undefined;
  readonly lines: readonly PolicyLine[];
  /** Of a proposal of this region: who has not answered. */
  readonly waitsFor: readonly WriterId[];
  /** What became of this region's last proposal; empty: nothing to tell. */
  readonly ended: string;
}

const NO_LINES: readonly PolicyLine[] = [];

/** See the module's comment. */
export class PolicyRound {
  readonly #subject: PolicyRoundSubject;
  readonly #answers = new Set<WriterId>();
  readonly #answered: Map<WriterId, number>;
  /** Who said last that it still runs this region's version, and that it fences the region to which this one is bound. */
  readonly #alike = new Set<WriterId>();
  #round: number;
  #open: readonly PolicyLine[] | undefined;
  #held: HeldProposal | undefined;
  #ended: string;
  #due: readonly PolicyLine[] | undefined;
  /** Something of this is not stored yet. */
  changed = false;
  /** Something of this was not said yet. */
  hasNews: boolean;

  constructor(subject: PolicyRoundSubject, state: PolicyRoundState | undefined) {
    this.#subject = subject;
    this.#round = state?.round ?? 0;
    this.#open = state?.open;
    this.#held = state?.held;
    this.#answered = new Map(state?.answered);
    this.#ended = state?.ended ?? "";
    this.hasNews = this.#open !== undefined || this.#held !== undefined;
  }

  get state(): PolicyRoundState {
    return { round: this.#round, open: this.#open, held: this.#held, answered: [...this.#answered], ended: this.#ended };
  }

  get status(): PolicyRoundStatus {
    const held = this.#held?.refusal === "" ? this.#held : undefined;
    return {
      proposer: this.#open ? this.#subject.writer : held?.to,
      lines: this.#open ?? held?.lines ?? NO_LINES,
      waitsFor: this.#open ? this.#others().filter((other) => !this.#answers.has(other)) : [],
      ended: this.#ended,
    };
  }

  /** The table to which this region switches now. */
  get due(): readonly PolicyLine[] | undefined {
    return this.#due;
  }

  /** True while the others wait for what this region says. */
  get speaks(): boolean {
    return this.#open !== undefined || this.#held !== undefined || this.hasNews;
  }

  /** Proposes a table. Returns why not; an empty text: it was taken up. */
  propose(lines: readonly PolicyLine[]): string {
    if (this.#open) return "a change that this region has proposed is under way; cancel it first";
    if (this.#held) return `a change that ${this.#held.to} has proposed is under way`;
    if (!this.#subject.isDone()) return "the last change is not finished in this region";
    const refusal = this.#subject.refusalOf(lines);
    if (refusal !== "") return refusal;
    this.#round += 1;
    this.#open = lines;
    this.#answers.clear();
    this.#note("");
    this.#conclude();
    return "";
  }

  /** Takes back what this region has proposed. Returns why not; an empty text: it is over. */
  cancel(): string {
    if (this.#due) return "the change is decided";
    if (!this.#open) return this.#held ? `the change was proposed by ${this.#held.to}: cancel it there` : "there is no change under way";
    this.#close("cancelled");
    return "";
  }

  /** A heartbeat of a peer, in the order of its log. `fenced`: whom it fences. */
  hear(writer: WriterId, said: PolicySaid | undefined, fenced: readonly WriterId[]): void {
    if (this.#subject.isFenced(writer)) return;
    this.#weigh(writer, said?.version ?? 0, fenced);
    if (!said) return;
    if (said.version > this.#subject.version()) {
      if (!this.#subject.isSetAside(writer)) this.learn(said.version);
      return;
    }
    const held = this.#held;
    if (held?.to === writer && (said.round > held.round || (said.round === held.round && !said.proposed))) this.#release();
    if (said.proposed && said.version === this.#subject.version()) this.#consider(writer, said.round, said.proposed);
    const { answer } = said;
    if (!this.#open || answer?.to !== this.#subject.writer || answer.round !== this.#round) return;
    if (answer.refusal !== "") this.#close(`refused by ${writer}: ${answer.refusal}`);
    else {
      this.#answers.add(writer);
      this.#conclude();
    }
  }

  /** Somebody runs a later version: true where it is the one that this region holds, and now switches to. */
  learn(version: number): boolean {
    if (version !== this.#subject.version() + 1) return false;
    if (this.#held?.refusal === "") this.#due = this.#held.lines;
    return this.#due !== undefined;
  }

  /** This region runs the table that was due. */
  switched(): void {
    this.#open = undefined;
    this.#held = undefined;
    this.#due = undefined;
    this.#note("");
  }

  /** Says it again. Undefined: there was never anything. */
  beat(): PolicySaid | undefined {
    this.hasNews = false;
    // Whom all waited for may have been fenced meanwhile.
    this.#conclude();
    this.#releaseFromFenced();
    // What is due is switched to in the same commit. That this region still ran the other table would let those go who are bound to it.
    const version = this.#subject.version() + (this.#due ? 1 : 0);
    if (version === 0 && this.#round === 0 && !this.#held) return undefined;
    const { to, round = 0, refusal = "" } = this.#held ?? {};
    return { version, round: this.#round, proposed: this.#open, answer: to && { to, round, refusal } };
  }

  /** All others that are not fenced. */
  #others(): WriterId[] {
    return this.#subject.peers.filter((peer) => !this.#subject.isFenced(peer));
  }

  #note(ended: string): void {
    this.#ended = ended;
    this.changed = true;
    this.hasNews = true;
  }

  #close(why: string): void {
    this.#open = undefined;
    this.#note(why);
  }

  #release(): void {
    this.#held = undefined;
    this.#alike.clear();
    this.#note(this.#ended);
  }

  #consider(writer: WriterId, round: number, lines: readonly PolicyLine[]): void {
    const { writer: own, isDone } = this.#subject;
    if (this.#held || this.#due || round <= (this.#answered.get(writer) ?? 0) || !isDone()) return;
    // Of two that propose the smaller goes on.
    if (this.#open && own < writer) return;
    if (this.#open) this.#close(`gave way to a change that ${writer} has proposed`);
    this.#held = { to: writer, round, lines, refusal: this.#subject.refusalOf(lines) };
    this.#answered.set(writer, round);
    this.#note(this.#ended);
  }

  #conclude(): void {
    // Until the switch is made this stays open: nobody must take it for cancelled.
    if (this.#open && this.#others().every((other) => this.#answers.has(other))) this.#due = this.#open;
  }

  /** Who still runs the same, and does not listen any more to the region to which this one is bound. */
  #weigh(writer: WriterId, version: number, fenced: readonly WriterId[]): void {
    const held = this.#held;
    if (!held || !this.#subject.isFenced(held.to)) return;
    if (version === this.#subject.version() && fenced.includes(held.to)) this.#alike.add(writer);
    else this.#alike.delete(writer);
    this.#releaseFromFenced();
  }

  #releaseFromFenced(): void {
    if (!this.#held || this.#due || !this.#subject.isFenced(this.#held.to)) return;
    if (this.#others().every((other) => this.#alike.has(other))) this.#release();
  }
}
