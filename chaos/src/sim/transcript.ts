/**
 * A run as a text that a person can follow: one line per event, and under it what it did to the server's stream, the
 * store, and the wire.
 */
import { decodeMark, MARK_KEY, READ_KEY, type Mark } from "@meridian/mark";
import { stringPrintOf } from "@meridian/merge";
import { decodeRecord } from "@meridian/wire";
import { hlcOf, MutationKind, type Hlc, type Mutation, type MutationDetail, type ReadonlyVector, type WriterId } from "@meridian/words";
import { describeEvent, type SimEvent } from "./mesh/event.js";
import type { World } from "./mesh/world.js";

const KIND_NAMES = new Map(Object.entries(MutationKind).map(([name, kind]) => [kind, name] as const));
const LINE_CHARACTERS_MAX = 400;

/** Events of which the line says nothing. */
function isDull(event: SimEvent): boolean {
  return event.kind === "published" || event.kind === "page" || (event.kind === "skew" && event.ms === 0) || (event.kind === "time" && event.ms === 100);
}

/** Collects the lines of a run. */
export class Transcript {
  readonly lines: string[] = [];
  #events = 0;
  #streamEnds: number[] = [];
  #logEnds: number[] = [];
  readonly #wires: string[] = [];
  #origin = 0;

  /** Notes where everything stands before an event. */
  begin(_event: SimEvent, world: World): void {
    if (this.#events === 0) this.#origin = hlcOf(world.nowMs);
    this.#streamEnds = world.servers.map((server) => server.streamEnd);
    this.#logEnds = world.logs.map(({ writer }) => world.log.of(writer).length);
  }

  /** Writes down an event and what followed from it. */
  end(event: SimEvent, world: World, done: boolean): void {
    this.#events += 1;
    if (!done || isDull(event)) return;
    const place = event.kind === "time" ? "" : ` r${event.at}`;
    this.#add(`${this.#events}${place} ${describeEvent(event)}`);
    for (const [at, server] of world.servers.entries()) {
      const from = this.#streamEnds[at] ?? 0;
      if (server.streamEnd === from) continue;
      this.#add(`      server r${at} ${from}..${server.streamEnd}: ${server.commandsFrom(from).map((words) => this.#command(words)).join(" · ")}`);
    }
    for (const [at, { writer }] of world.logs.entries()) {
      for (const record of world.log.of(writer).slice(this.#logEnds[at])) this.#record(writer, record);
    }
    if (event.kind === "stream" || event.kind === "flush") this.#wire(event.at, world);
  }

  /** The last lines, or all. */
  text(last = this.lines.length): string {
    return this.lines.slice(-last).join("\n");
  }

  #wire(at: number, world: World): void {
    const agent = world.agents[at];
    const region = agent?.region;
    if (!agent || !region) return;
    const { scripts } = agent;
    const waiting = scripts.map((script) => (script.kind === "apply" ? `apply ${script.batch.seq}` : script.kind)).join(", ");
    const line = `      agent r${at}: captured ${region.capturedOffset}, frontier ${this.#vector(region.frontier)}, wire [${waiting}], out ${agent.outbound.length}`;
    if (this.#wires[at] !== line) this.#add(line);
    this.#wires[at] = line;
  }

  #record(writer: WriterId, record: Buffer): void {
    for (const frame of decodeRecord(record, writer).frames) {
      const rows: string[] = [];
      frame.forEach((mutation) => rows.push(this.#mutation(mutation)));
      this.#add(`      log ${writer} after ${this.#version(frame.previous)} context ${this.#vector(frame.context)}: ${rows.join(" · ")}`);
    }
  }

  #mutation(m: Mutation): string {
    const value = m.valueEnd > m.valueStart && (m.kind === MutationKind.PutString || m.kind === MutationKind.PutField || m.kind === MutationKind.PutElements) ? ` ${m.bytes.toString("latin1", m.valueStart, m.valueEnd)}` : "";
    const erased = m.kind === MutationKind.PutRegister && m.valueEnd === m.valueStart ? " erases" : "";
    const sketch = m.kind === MutationKind.PutSketch ? (m.valueEnd > m.valueStart ? ` ${stringPrintOf(m.bytes, m.valueStart, m.valueEnd)}` : " wipes") : "";
    const number = m.number === 0 || m.number === Infinity ? "" : ` ${m.number}`;
    const sum = m.kind === MutationKind.IncrementString || m.kind === MutationKind.IncrementField || m.kind === MutationKind.IncrementScore ? ` birth ${this.#version(m.birth)} sum ${m.sum}` : "";
    return `${KIND_NAMES.get(m.kind) ?? ""}@${this.#version(m.hlc)} ${m.key} ${m.field}${value}${erased}${sketch}${number}${sum}${m.detail ? this.#detail(m.detail) : ""}`;
  }

  #detail({ unseen, absorbed }: MutationDetail): string {
    const parts = unseen.map((u) => `unseen ${u.kind}:${u.field} ${u.writer}@${this.#version(u.hlc)}`);
    parts.push(...absorbed.map((a) => `absorbs ${a.kind}:${a.field} ${a.writer}@${this.#version(a.birth)}..${this.#version(a.upTo)}=${a.sum}`));
    return ` {${parts.join(", ")}}`;
  }

  #command(words: readonly string[]): string {
    const [name = "", key = "", value = ""] = words;
    if (key === MARK_KEY && name === "SET") return `MARK ${this.#mark(decodeMark(Buffer.from(value, "latin1")))}`;
    if (key === READ_KEY && name === "SET") return "READ";
    return words.join(" ");
  }

  #mark(mark: Mark): string {
    const names = (list: Mark["skipped"]): string => list.map(({ kind, key, field }) => `${key}/${kind}${field}`).join(",");
    const parts = [`${mark.epoch}/${mark.seq}`, `{${this.#vector(mark.vector)}}`];
    if (mark.deferred.length > 0) parts.push(`deferred ${names(mark.deferred)}`);
    if (mark.settled.length > 0) parts.push(`settled ${names(mark.settled)}`);
    if (mark.skipped.length > 0) parts.push(`skipped ${names(mark.skipped)}`);
    return parts.join(" ");
  }

  /** Versions count from the run's first moment: milliseconds, and ticks within. */
  #version(hlc: Hlc): string {
    if (hlc === 0) return "0";
    const ticks = hlc - this.#origin;
    const ms = Math.floor(ticks / 4096);
    return `${ms}+${ticks - ms * 4096}`;
  }

  #vector(vector: ReadonlyVector): string {
    return [...vector.entries()].map(([writer, hlc]) => `${writer.slice(0, 2)}:${this.#version(hlc)}`).join(" ");
  }

  #add(line: string): void {
    this.lines.push(line.length > LINE_CHARACTERS_MAX ? `${line.slice(0, LINE_CHARACTERS_MAX)}…` : line);
  }
}
