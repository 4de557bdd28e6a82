/**
 * A mesh of simulated regions: performs events, one at a time, and keeps what the checkers need. Everything is decided by
 * the events; two worlds that are given the same ones end the same.
 */
import type { ApplyBatch } from "@meridian/mark";
import { writerId, type WriterId } from "@meridian/words";
import { AgentHost, type AgentContext } from "./agent-host.js";
import type { ClientCommand, SimEvent } from "./event.js";
import type { Flushed } from "../checkers/flushed-region.js";
import { LogModel } from "./log-model.js";
import { MessageCheck, messagesOf } from "../checkers/message-check.js";
import type { Checker, Problem } from "../checkers/problem.js";
import { BATCH_RECORDS } from "./rare-faults.js";
import { readRecord } from "./read-record.js";
import { ScriptWatch, type AfterScript } from "../checkers/script-watch.js";
import { ServerHost } from "./server-host.js";
import { firstPolicies, NAMES, policiesOf, switchedTable } from "./policies.js";
import { logsOf, type KeyRules, type SimLog } from "./residents.js";
import { TableWatch } from "../checkers/switch-check.js";
import type { SimSettings } from "../settings.js";
import type { Transcript } from "../transcript.js";

/** When simulated time begins: any moment will do. */
const BEGIN_MS = 1_790_000_000_000;

/** How often an agent that has nothing to say says so: longer than a mesh may take to come to rest. */
export const HEARTBEAT_IDLE_MS = 30_000;

/** A client's command that a server took. */
export interface TakenCommand {
  readonly at: number;
  readonly db: number;
  readonly words: ClientCommand;
  readonly reply: unknown;
  /** Where its server's stream stood before it. */
  readonly offset: number;
  /** Where it stood behind it and the rest of its transaction. */
  readonly endOffset: number;
}

/** See the module's comment. */
export class World {
  readonly settings: SimSettings;
  readonly log = new LogModel();
  readonly writers: readonly WriterId[];
  /** Every log: the regions' own, and behind these those of groups. */
  readonly logs: readonly SimLog[];
  readonly servers: readonly ServerHost[];
  readonly agents: readonly AgentHost[];
  /** The table of every region, where the run has one. */
  readonly policies: KeyRules | undefined;
  readonly taken: TakenCommand[] = [];
  /** What live checkers found. */
  readonly problems: Problem[] = [];
  /** Keys that servers have dropped to make room, as `db|key`. */
  readonly evicted = new Set<string>();
  /** The region that lost its history, if one has. */
  flushed: Flushed | undefined;
  /** Of a mesh as its other regions have it: the agent of the one that stopped. */
  readonly stopped: AgentHost | undefined;
  nowMs = BEGIN_MS;
  /** Of a part of a mesh: its group, or "" for what is everybody's. */
  readonly group: string | undefined = undefined;
  /** Follows messages, where clients publish some. */
  readonly messages: MessageCheck | undefined;
  /** Which tables the regions of the run have run. */
  readonly tables: TableWatch;
  readonly #watch: ScriptWatch;
  readonly #transcript: Transcript | undefined;

  constructor(settings: SimSettings, transcript?: Transcript) {
    this.settings = settings;
    this.#transcript = transcript;
    this.policies = policiesOf(settings);
    this.writers = NAMES.slice(0, settings.regions).map((name) => writerId(name, "0"));
    this.logs = logsOf(this.writers, this.policies);
    this.tables = new TableWatch((at) => this.agents[at]?.isShutOut === true);
    this.#watch = new ScriptWatch((checker, at, problem) => this.#report(checker, at, problem), settings, this, this.policies);
    this.messages = settings.messages && new MessageCheck(settings, this.policies);
    this.servers = this.writers.map(() => new ServerHost(this.policies));
    this.agents = this.writers.map((writer, at) => this.#agent(writer, at));
  }

  #agent(writer: WriterId, at: number): AgentHost {
    const server = this.servers[at] as ServerHost;
    const { heartbeat, absentAfterMs } = this.#silence();
    return new AgentHost({
      writer,
      peers: this.writers.filter((other) => other !== writer),
      server,
      log: this.log,
      cachedSlotsMax: this.settings.cachedSlotsMax,
      limits: this.settings.limits,
      policies: firstPolicies(this.settings),
      messages: messagesOf(this.settings),
      onAcknowledge: (offset) => this.#onAcknowledge(at, offset),
      onApply: (batch, seenOffset, serverMs) => this.#onApply(at, server, batch, seenOffset, serverMs),
      appendsMax: this.settings.faults.includes("batch") ? BATCH_RECORDS : 1,
      heartbeat,
      absentAfterMs,
      mayEvict: this.settings.faults.includes("eviction"),
      hearsEvents: this.settings.events !== undefined && this.settings.families.includes("float"),
    });
  }

  /** Where regions are fenced, those that have nothing to say must say so before they are taken for absent. */
  #silence(): Pick<AgentContext, "heartbeat" | "absentAfterMs"> {
    const { heartbeatMs, absentAfterMs } = this.settings;
    if (absentAfterMs === 0) return { heartbeat: { everyMs: heartbeatMs, idleMs: HEARTBEAT_IDLE_MS }, absentAfterMs: undefined };
    return { heartbeat: { everyMs: 1, idleMs: Math.ceil(absentAfterMs / 5) }, absentAfterMs };
  }

  #onApply(at: number, server: ServerHost, batch: ApplyBatch, seenOffset: number, serverMs: number): AfterScript | undefined {
    if (this.flushed?.at !== at) {
      const after = this.#watch.beforeScript(at, server, batch, seenOffset, serverMs);
      return this.messages ? this.#heardAfter(at, server, serverMs, this.messages, after) : after;
    }
    if (seenOffset >= this.flushed.offset) this.#report("lost history", at, `batch ${batch.epoch}/${batch.seq} was decided behind a FLUSHALL`);
    return undefined;
  }

  #heardAfter(at: number, server: ServerHost, serverMs: number, messages: MessageCheck, after: AfterScript): AfterScript {
    const from = server.streamEnd;
    return (skipped) => {
      after(skipped);
      const early = this.agents[at]?.region?.counters.messages.early ?? 1;
      this.problems.push(...messages.onScript(at, server.commandsFrom(from), server.cells(serverMs), early));
    };
  }

  /** The agents of all regions but one that lost its history. */
  get sound(): readonly AgentHost[] {
    return this.flushed ? this.agents.slice(0, this.flushed.at) : this.agents;
  }

  /** What the server may forget must stand in the log. */
  #onAcknowledge(at: number, offset: number): void {
    const waiting = this.agents[at]?.outbound[0];
    if (!waiting) return;
    const { firstOffset } = readRecord(waiting.record, waiting.writer).span;
    if (firstOffset < offset) this.#report("acknowledged offset", at, `acknowledges ${offset}, but what was captured from ${firstOffset} on is not in the log`);
  }

  #report(checker: Checker, at: number, problem: string): void {
    this.problems.push({ checker, text: `r${at}: ${problem}` });
  }

  /** The log of a region, or of its group. */
  #logOf(at: number, group = ""): WriterId | undefined {
    return this.logs.find((log) => log.at === at && log.group === group)?.writer;
  }

  /** The clock of an agent. */
  agentMs(agent: AgentHost): number {
    return this.nowMs + agent.skewMs;
  }

  /** Performs an event. False: it was not possible, and nothing happened. */
  perform(event: SimEvent): boolean {
    this.#transcript?.begin(event, this);
    const done = event.kind === "time" ? this.#pass(event.ms) : this.#at(event);
    this.#transcript?.end(event, this, done);
    return done;
  }

  #pass(ms: number): boolean {
    this.nowMs += ms;
    return true;
  }

  #at(event: Exclude<SimEvent, { kind: "time" }>): boolean {
    const agent = this.agents[event.at];
    const server = this.servers[event.at];
    if (!agent || !server) return false;
    switch (event.kind) {
      case "client":
        return this.#client(event.at, server, event.commands, event.db);
      case "expire":
        return server.expire(this.nowMs) > 0;
      case "evict":
        return this.#evict(event.at, agent, server, event.pick);
      case "skew":
        agent.skewMs = event.ms;
        return true;
      case "usurp":
        server.model.fence(this.nowMs);
        return true;
      case "ghost-script":
        if (agent.ghostScripts.length === 0) return false;
        agent.runGhost(this.nowMs);
        return true;
      case "ghost-append":
        if (agent.ghostAppends.length === 0) return false;
        agent.ghostAppend();
        return true;
      case "start":
        if (agent.region) return false;
        agent.start(this.agentMs(agent));
        return true;
      default:
        return agent.region !== undefined && this.#living(event, agent, server);
    }
  }

  #living(event: Exclude<SimEvent, { kind: "time" }>, agent: AgentHost, server: ServerHost): boolean {
    switch (event.kind) {
      case "fence":
        return this.#fence(agent, event.lost);
      case "crash":
        agent.crash(event.keep);
        return true;
      case "flush":
        return this.#flush(agent, event.stopAfter);
      case "append":
        if (agent.outbound.length === 0) return false;
        agent.append(event.log);
        return true;
      case "published":
        return this.#published(agent);
      case "script":
        return this.#script(agent);
      case "propose":
        return agent.region?.policies.propose(switchedTable(this.settings, event.rows)) === "";
      case "withdraw":
        return agent.region?.policies.cancel() === "";
      case "page":
        return this.#page(agent);
      case "listen":
        return agent.listen();
      case "told":
        return agent.tell(event.count);
      case "hush":
        return agent.hush();
      default:
        return agent.isFenced && this.#deliver(event, agent, server);
    }
  }

  #client(at: number, server: ServerHost, commands: readonly ClientCommand[], db: number): boolean {
    const before = server.cells(this.nowMs);
    const offset = server.streamEnd;
    const mark = server.marks.at(-1)?.header;
    const replies = server.client(commands, db, this.nowMs);
    this.messages?.onClient(at, db, commands, before, (this.agents[at]?.lives ?? 0) > 0);
    const streamed = (): readonly string[][] => server.commandsFrom(offset);
    this.#watch.onClient({ at, db, commands, replies, mark, streamed }, before, server.cells(this.nowMs));
    const flushAt = commands.findIndex(([name]) => name === "FLUSHALL");
    if (flushAt >= 0) this.flushed = { at, offset: server.streamEnd, taken: this.taken.length + flushAt };
    const endOffset = server.streamEnd;
    for (const [index, words] of commands.entries()) this.taken.push({ at, db, words, reply: replies[index], offset, endOffset });
    return true;
  }

  #evict(at: number, agent: AgentHost, server: ServerHost, pick: number): boolean {
    // What was there before its agent came is only known once it has been read.
    agent.hasImported ||= agent.region?.isReady === true && !agent.region.isImporting && agent.region.pending.reads === 0;
    if (!agent.hasImported) return false;
    if (server.evictions === 0) agent.isHeardFromStart = agent.region?.evictions?.events.status.follows === true;
    const evicted = server.evict(pick);
    if (!evicted) return false;
    const place = `${evicted.db}|${evicted.key}`;
    this.#watch.onEvicted(place);
    this.evicted.add(place);
    return true;
  }

  #fence(agent: AgentHost, lost: boolean): boolean {
    if (agent.isFenced) return false;
    agent.fence(this.nowMs);
    if (lost) agent.crash(0);
    return true;
  }

  #flush(agent: AgentHost, stopAfter: number | undefined): boolean {
    const done = agent.flush(this.agentMs(agent), stopAfter);
    const isNoted = agent.region !== undefined && stopAfter === undefined && this.settings.switches;
    if (isNoted && agent.region) this.tables.note(this.agents.indexOf(agent), agent.region.policies.status);
    if (stopAfter !== undefined) agent.crash(agent.scripts.length);
    return done > 0 || stopAfter !== undefined;
  }

  #published(agent: AgentHost): boolean {
    const seq = agent.durable.shift();
    if (seq === undefined) return false;
    agent.region?.onPublished(seq);
    return true;
  }

  #script(agent: AgentHost): boolean {
    if (agent.scripts.length === 0) return false;
    if (!agent.runScript(this.nowMs)) agent.crash(0);
    return true;
  }

  #page(agent: AgentHost): boolean {
    const page = agent.pages.shift();
    if (!page) return false;
    agent.region?.onListed(page.db, page.cursor, page.keys);
    return true;
  }

  #deliver(event: Exclude<SimEvent, { kind: "time" }>, agent: AgentHost, server: ServerHost): boolean {
    if (event.kind === "stream") {
      if (server.streamEnd <= agent.streamAt) return false;
      const chunk = server.stream(agent.streamAt, event.bytes);
      agent.streamAt += chunk.length;
      agent.region?.onStream(chunk, this.agentMs(agent));
      // Somebody else has the server: what it had sent is on the wire.
      if (agent.region?.isFenced) agent.crash(agent.scripts.length);
      return true;
    }
    if (event.kind !== "records" && event.kind !== "rewind" && event.kind !== "lose") return false;
    const writer = this.#logOf(event.from, event.group);
    const cursor = writer && agent.cursors.get(writer);
    if (writer === undefined || cursor === undefined) return false;
    if (event.kind === "rewind") {
      agent.cursors.set(writer, Math.max(0, cursor - event.by));
      return cursor > 0;
    }
    if (event.kind === "lose") {
      if (this.log.of(writer).length <= cursor) return false;
      agent.cursors.set(writer, cursor + 1);
      return true;
    }
    return this.#records(agent, writer, cursor, event.count);
  }

  #records(agent: AgentHost, writer: WriterId, cursor: number, count: number): boolean {
    const records = this.log.of(writer).slice(cursor, cursor + count);
    if (records.length === 0 || !agent.region?.wants(writer)) return false;
    agent.cursors.set(writer, cursor + records.length);
    for (const [index, bytes] of records.entries()) agent.region.onRecord(writer, String(cursor + index + 1), Buffer.from(bytes));
    return true;
  }
}
