/** Chooses what happens next: a random event among those that are possible, weighted by the run's settings. */
import type { AgentHost } from "./agent-host.js";
import type { SimEvent } from "./event.js";
import { SWITCHED_PREFIX } from "./policies.js";
import type { Random } from "../random.js";
import { SWITCHED_POLICIES, type EventPace } from "../settings.js";
import { Workload } from "./workload.js";
import type { World } from "./world.js";

/** Most bytes of the stream in one delivery; a few commands. */
const CHUNK_BYTES_MAX = 400;
const RECORDS_MAX = 4;
/** More than a server of a run has keys. */
const PICKS = 60;
/** Share of evictions of which nobody is told. */
const UNHEARD = 0.01;
/** How events of evictions come where a run says nothing of events. */
const SURE: EventPace = { listen: 20, told: 50, hush: 0 };
const EVENTS_MAX = 6;
/** Parts of a step after which an agent may die: the rest of a longer one is more of the same. */
const STOP_PARTS_MAX = 5;

/** With lulls: of so many events the first are busy, and then no client writes; time goes in larger steps. */
const LULL_EVENTS = 120;
const BUSY_EVENTS = 40;
const LULL_MS_MAX = 2_000;

type Choice = readonly [weight: number, make: () => SimEvent];

/** See the module's comment. */
export class Scheduler {
  readonly #world: World;
  readonly #random: Random;
  readonly #workload: Workload;
  #turn = 0;

  constructor(world: World, random: Random) {
    this.#world = world;
    this.#random = random;
    this.#workload = new Workload(world.settings, random);
  }

  /** How every run begins: region 0 may hold data, the others are empty, and all agents attach. */
  begin(): SimEvent[] {
    const { imported, databases } = this.#world.settings;
    const random = this.#random;
    const events: SimEvent[] = [];
    for (let left = imported; left > 0; left -= 1) {
      events.push({ kind: "client", at: 0, db: random.below(databases), commands: this.#workload.next(this.#world.nowMs) });
    }
    for (const at of this.#world.agents.keys()) events.push({ kind: "start", at }, { kind: "fence", at, lost: false });
    return events;
  }

  /** The next event. */
  next(): SimEvent {
    const random = this.#random;
    this.#turn += 1;
    if (this.#isFlushDue) return this.#flushAll();
    const at = random.below(this.#world.agents.length);
    const agent = this.#world.agents[at] as AgentHost;
    const choices = [...this.#outside(at, agent), ...(agent.region ? this.#inside(at, agent) : [])];
    const chosen = random.weighted(choices.map(([weight]) => weight));
    return (choices[chosen] as Choice)[1]();
  }

  /** Half of the commands before, half of them behind. */
  get #isFlushDue(): boolean {
    const { settings, taken, flushed } = this.#world;
    return settings.faults.includes("flushall") && !flushed && taken.length * 2 >= settings.commands;
  }

  #flushAll(): SimEvent {
    const { nowMs, agents } = this.#world;
    const flush = ["FLUSHALL"];
    const commands = this.#random.chance(0.5) ? [flush] : [...this.#workload.next(nowMs), flush, ...this.#workload.next(nowMs)];
    return { kind: "client", at: agents.length - 1, db: 0, commands };
  }

  #outside(at: number, agent: AgentHost): Choice[] {
    const random = this.#random;
    const { weights, databases, skewMsMax, timeMsMax, expiries, faults } = this.#world.settings;
    const isLull = faults.includes("lulls") && this.#turn % LULL_EVENTS >= BUSY_EVENTS;
    return [
      [isLull ? 0 : weights.client, () => ({ kind: "client", at, db: random.below(databases), commands: this.#workload.next(this.#world.nowMs) })],
      [isLull ? weights.time : 0, () => ({ kind: "time", ms: random.between(1, LULL_MS_MAX) })],
      [timeMsMax > 0 ? weights.time : 0, () => ({ kind: "time", ms: random.between(1, timeMsMax) })],
      [skewMsMax > 0 ? weights.skew : 0, () => ({ kind: "skew", at, ms: random.between(-skewMsMax, skewMsMax) })],
      [expiries > 0 ? weights.expire : 0, () => ({ kind: "expire", at })],
      [agent.region ? 0 : weights.start, () => ({ kind: "start", at })],
      [agent.ghostScripts.length > 0 ? weights.ghost : 0, () => ({ kind: "ghost-script", at })],
      [agent.ghostAppends.length > 0 ? weights.ghost : 0, () => ({ kind: "ghost-append", at })],
      [faults.includes("eviction") && this.#hears(agent) ? weights.client / 2 : 0, () => ({ kind: "evict", at, pick: random.below(PICKS) })],
      [faults.includes("usurper") ? weights.start / 4 : 0, () => ({ kind: "usurp", at })],
    ];
  }

  #inside(at: number, agent: AgentHost): Choice[] {
    const { weights } = this.#world.settings;
    const crash = (): SimEvent =>
      this.#random.chance(0.5)
        ? { kind: "crash", at, keep: this.#random.between(0, agent.scripts.length) }
        : { kind: "flush", at, stopAfter: this.#random.between(0, STOP_PARTS_MAX) };
    return [
      [weights.flush, () => ({ kind: "flush", at })],
      [agent.scripts.length > 0 ? weights.script : 0, () => ({ kind: "script", at })],
      [agent.outbound.length > 0 ? weights.append : 0, () => this.#append(at)],
      [agent.durable.length > 0 ? weights.published : 0, () => ({ kind: "published", at })],
      [agent.pages.length > 0 ? weights.script : 0, () => ({ kind: "page", at })],
      [weights.crash, crash],
      [agent.isFenced ? 0 : weights.start, () => ({ kind: "fence", at, lost: weights.crash > 0 && this.#random.chance(0.1) })],
      ...(this.#world.settings.switches ? this.#changes(at, agent) : []),
      ...(agent.isFenced ? this.#deliveries(at, agent) : []),
      ...(agent.isFenced && (agent.context.hearsEvents || agent.context.mayEvict) ? this.#tellings(at, agent) : []),
    ];
  }

  /** Mostly servers drop keys while somebody listens: otherwise no one can tell. */
  #hears({ region }: AgentHost): boolean {
    return region?.evictions?.events.status.follows === true || this.#random.chance(UNHEARD);
  }

  #append(at: number): SimEvent {
    return this.#world.settings.residents.length > 0 ? { kind: "append", at, log: this.#random.below(3) } : { kind: "append", at };
  }

  #changes(at: number, agent: AgentHost): Choice[] {
    const { weights } = this.#world.settings;
    const isOwn = agent.region?.policies.status.proposed?.by === agent.context.writer;
    const rows = (): (readonly [string, string])[] => {
      const few = this.#random.chance(0.3) ? [SWITCHED_PREFIX, `${SWITCHED_PREFIX}${this.#random.pick(["s", "h", "c"])}`] : [SWITCHED_PREFIX];
      return few.map((prefix) => [prefix, this.#random.pick(SWITCHED_POLICIES)] as const);
    };
    return [
      [weights.flush / 30, () => ({ kind: "propose", at, rows: rows() })],
      [isOwn ? weights.flush / 60 : 0, () => ({ kind: "withdraw", at })],
    ];
  }

  #tellings(at: number, agent: AgentHost): Choice[] {
    const events = this.#world.settings.events ?? SURE;
    if (agent.isDeaf) return [[events.listen, () => ({ kind: "listen", at })]];
    return [
      [events.told, () => ({ kind: "told", at, count: this.#random.between(1, EVENTS_MAX) })],
      [events.hush, () => ({ kind: "hush", at })],
    ];
  }

  #deliveries(at: number, agent: AgentHost): Choice[] {
    const random = this.#random;
    const { weights, streamPace, recordsPace, awayPace, faults } = this.#world.settings;
    const choices: Choice[] = [];
    if (agent.context.server.streamEnd > agent.streamAt) {
      choices.push([weights.stream * (streamPace[at] ?? 1), () => ({ kind: "stream", at, bytes: random.between(1, CHUNK_BYTES_MAX) })]);
    }
    for (const { at: from, writer, group: of } of this.#world.logs) {
      const group = of === "" ? undefined : { group: of };
      const cursor = agent.cursors.get(writer);
      if (cursor === undefined) continue;
      const waiting = this.#world.log.of(writer).length - cursor;
      const pace = (recordsPace[at] ?? 1) * (awayPace[from] ?? 1);
      if (waiting > 0) choices.push([weights.records * pace, () => ({ kind: "records", at, from, count: random.between(1, RECORDS_MAX), ...group })]);
      if (waiting > 0 && faults.includes("loss")) choices.push([weights.records / 10, () => ({ kind: "lose", at, from, ...group })]);
      if (cursor > 0 && weights.rewind > 0) choices.push([weights.rewind, () => ({ kind: "rewind", at, from, by: random.between(1, cursor), ...group })]);
    }
    return choices;
  }
}
