/** Chooses what happens next: a random event among those that are possible, weighted by the run's settings. */
import type { AgentHost } from "./agent-host.js";
import type { SimEvent } from "./event.js";
import { SWITCHED_PREFIX } from "./policies.js";
import type { SimLog } from "./residents.js";
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

/** What may happen next: the kind of event, but where one kind is drawn in two ways. */
type Choice = Exclude<SimEvent["kind"], "rewind" | "lose" | "records"> | "lull";
type LogChoice = "records" | "lose" | "rewind";

/** See the module's comment. */
export class Scheduler {
  readonly #world: World;
  readonly #random: Random;
  readonly #workload: Workload;
  #turn = 0;
  /** How much is possible now, and what, each with its weight; and of which log. */
  #count = 0;
  readonly #weights: number[] = [];
  readonly #choices: (Choice | LogChoice)[] = [];
  readonly #logs: (SimLog | undefined)[] = [];

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
    this.#count = 0;
    this.#outside(agent);
    if (agent.region) this.#inside(at, agent);
    const chosen = random.weighted(this.#weights, this.#count);
    const log = this.#logs[chosen];
    return log ? this.#ofLog(this.#choices[chosen] as LogChoice, at, agent, log) : this.#event(this.#choices[chosen] as Choice, at, agent);
  }

  /** What has no weight is not possible. */
  #offer(weight: number, choice: Choice | LogChoice, log?: SimLog): void {
    if (weight <= 0) return;
    this.#weights[this.#count] = weight;
    this.#choices[this.#count] = choice;
    this.#logs[this.#count] = log;
    this.#count += 1;
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

  #outside(agent: AgentHost): void {
    const { weights, skewMsMax, timeMsMax, expiries, faults } = this.#world.settings;
    const isLull = faults.includes("lulls") && this.#turn % LULL_EVENTS >= BUSY_EVENTS;
    this.#offer(isLull ? 0 : weights.client, "client");
    this.#offer(isLull ? weights.time : 0, "lull");
    this.#offer(timeMsMax > 0 ? weights.time : 0, "time");
    this.#offer(skewMsMax > 0 ? weights.skew : 0, "skew");
    this.#offer(expiries > 0 ? weights.expire : 0, "expire");
    this.#offer(agent.region ? 0 : weights.start, "start");
    this.#offer(agent.ghostScripts.length > 0 ? weights.ghost : 0, "ghost-script");
    this.#offer(agent.ghostAppends.length > 0 ? weights.ghost : 0, "ghost-append");
    this.#offer(faults.includes("eviction") && this.#hears(agent) ? weights.client / 2 : 0, "evict");
    this.#offer(faults.includes("usurper") ? weights.start / 4 : 0, "usurp");
  }

  #inside(at: number, agent: AgentHost): void {
    const { weights, switches } = this.#world.settings;
    this.#offer(weights.flush, "flush");
    this.#offer(agent.scripts.length > 0 ? weights.script : 0, "script");
    this.#offer(agent.outbound.length > 0 ? weights.append : 0, "append");
    this.#offer(agent.durable.length > 0 ? weights.published : 0, "published");
    this.#offer(agent.pages.length > 0 ? weights.script : 0, "page");
    this.#offer(weights.crash, "crash");
    this.#offer(agent.isFenced ? 0 : weights.start, "fence");
    if (switches) {
      this.#offer(weights.flush / 30, "propose");
      this.#offer(agent.region?.policies.status.proposed?.by === agent.context.writer ? weights.flush / 60 : 0, "withdraw");
    }
    if (!agent.isFenced) return;
    this.#deliveries(at, agent);
    if (agent.context.hearsEvents || agent.context.mayEvict) this.#tellings(agent);
  }

  #tellings(agent: AgentHost): void {
    const events = this.#world.settings.events ?? SURE;
    if (agent.isDeaf) return this.#offer(events.listen, "listen");
    this.#offer(events.told, "told");
    this.#offer(events.hush, "hush");
  }

  #deliveries(at: number, agent: AgentHost): void {
    const { weights, streamPace, recordsPace, awayPace, faults } = this.#world.settings;
    if (agent.context.server.streamEnd > agent.streamAt) this.#offer(weights.stream * (streamPace[at] ?? 1), "stream");
    for (const log of this.#world.logs) {
      const cursor = agent.cursors.get(log.writer);
      if (cursor === undefined) continue;
      const isWaiting = this.#world.log.of(log.writer).length > cursor;
      const pace = (recordsPace[at] ?? 1) * (awayPace[log.at] ?? 1);
      if (isWaiting) this.#offer(weights.records * pace, "records", log);
      if (isWaiting && faults.includes("loss")) this.#offer(weights.records / 10, "lose", log);
      if (cursor > 0) this.#offer(weights.rewind, "rewind", log);
    }
  }

  #event(choice: Choice, at: number, agent: AgentHost): SimEvent {
    const random = this.#random;
    const { databases, skewMsMax, timeMsMax, weights } = this.#world.settings;
    switch (choice) {
      case "client":
        return { kind: "client", at, db: random.below(databases), commands: this.#workload.next(this.#world.nowMs) };
      case "lull":
        return { kind: "time", ms: random.between(1, LULL_MS_MAX) };
      case "time":
        return { kind: "time", ms: random.between(1, timeMsMax) };
      case "skew":
        return { kind: "skew", at, ms: random.between(-skewMsMax, skewMsMax) };
      case "evict":
        return { kind: "evict", at, pick: random.below(PICKS) };
      case "crash":
        if (random.chance(0.5)) return { kind: "crash", at, keep: random.between(0, agent.scripts.length) };
        return { kind: "flush", at, stopAfter: random.between(0, STOP_PARTS_MAX) };
      case "append":
        return this.#world.settings.residents.length > 0 ? { kind: "append", at, log: random.below(3) } : { kind: "append", at };
      case "fence":
        return { kind: "fence", at, lost: weights.crash > 0 && random.chance(0.1) };
      case "propose":
        return { kind: "propose", at, rows: this.#rows() };
      case "told":
        return { kind: "told", at, count: random.between(1, EVENTS_MAX) };
      case "stream":
        return { kind: "stream", at, bytes: random.between(1, CHUNK_BYTES_MAX) };
      default:
        return { kind: choice, at };
    }
  }

  #ofLog(choice: LogChoice, at: number, agent: AgentHost, { at: from, group: of, writer }: SimLog): SimEvent {
    const group = of === "" ? undefined : { group: of };
    if (choice === "records") return { kind: "records", at, from, count: this.#random.between(1, RECORDS_MAX), ...group };
    if (choice === "lose") return { kind: "lose", at, from, ...group };
    return { kind: "rewind", at, from, by: this.#random.between(1, agent.cursors.get(writer) ?? 1), ...group };
  }

  /** A table of policies that an operator proposes. */
  #rows(): (readonly [string, string])[] {
    const few = this.#random.chance(0.3) ? [SWITCHED_PREFIX, `${SWITCHED_PREFIX}${this.#random.pick(["s", "h", "c"])}`] : [SWITCHED_PREFIX];
    return few.map((prefix) => [prefix, this.#random.pick(SWITCHED_POLICIES)] as const);
  }

  /** Mostly servers drop keys while somebody listens: otherwise no one can tell. */
  #hears({ region }: AgentHost): boolean {
    return region?.evictions?.events.status.follows === true || this.#random.chance(UNHEARD);
  }
}
