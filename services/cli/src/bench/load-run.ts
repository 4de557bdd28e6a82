/**
 * One run of load against a server, while another server is watched for the moment when the writes are visible there.
 *
 * A marker, `SET bench:marker:<seed> <n>`, goes into the same stream every {@link MARKER_INTERVAL_MS}; the watched server is
 * asked for it about every millisecond. What was sent before a marker is visible when the marker is. With a rate the
 * load is open: commands and markers have a time table and lag counts from there, however late they were sent, so
 * nothing is omitted when the system stalls. Without a rate at most `windowCommands` are sent and not yet visible, which
 * finds the rate that the whole way sustains.
 */
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { CommandWriter } from "@meridian/resp";
import { serverAddress } from "../diff/server-address.js";
import { ServerConnection } from "../diff/server-connection.js";
import { bytesOf } from "../diff/value-differences.js";
import { LagRecord, type LagFigures } from "./lag-record.js";
import { ReplyCounter } from "./reply-counter.js";
import { Workload, type WorkloadName } from "./workload.js";

/** What to do. */
export interface LoadPlan {
  /** redis:// URL that is written to. */
  readonly source: string;
  /** redis:// URL that is watched. */
  readonly target: string;
  readonly workload: WorkloadName;
  /** Write every key once instead, in turn. */
  readonly fill: boolean;
  readonly keys: number;
  readonly valueBytes: number;
  readonly seed: number;
  /** Time table; undefined: as fast as the window allows. */
  readonly commandsPerSecond?: number;
  /** Sent and not yet visible, where there is no time table. */
  readonly windowCommands: number;
  /** Left out of rates and lag. */
  readonly warmUpSeconds: number;
  /** Ends after this long (with the warm-up) or this many commands. */
  readonly seconds: number;
  readonly commandsMax: number;
}

/** What was seen. */
export interface LoadResult {
  /** Commands sent, all acknowledged; without markers. */
  readonly commands: number;
  readonly errors: number;
  /** Commands that became visible per second, from the end of the warm-up to the end of sending. */
  readonly visiblePerSecond: number;
  readonly measuredSeconds: number;
  /** From the last command to the moment when it was visible. */
  readonly drainMs: number;
  readonly lag: LagFigures;
}

/** Between two markers. */
export const MARKER_INTERVAL_MS = 2;
const MARKER_PREFIX = "bench:marker:";
const BATCH_COMMANDS_MAX = 500;
/** A system that falls this far behind its time table is not measured any further. */
const BEHIND_COMMANDS_MAX = 5_000_000;
const DRAIN_TIMEOUT_MS = 120_000;
const POLL_PAUSE_MS = 1;

/** Told when the warm-up is over and when the last command is sent. */
export interface LoadEvents {
  onMeasuring(): void;
  onSent(): void;
}

/** Runs the plan. Rejects where a server goes away or the writes do not become visible in time. */
export async function runLoad(plan: LoadPlan, events: LoadEvents): Promise<LoadResult> {
  const watched = await ServerConnection.open(serverAddress(plan.target));
  const socket = await openSocket(plan.source);
  try {
    return await new LoadRun(plan, events, socket, watched).run();
  } finally {
    socket.destroy();
    watched.close();
  }
}

class LoadRun {
  readonly #plan: LoadPlan;
  readonly #events: LoadEvents;
  readonly #socket: Socket;
  readonly #watched: ServerConnection;
  readonly #writer = new CommandWriter();
  readonly #workload: Workload;
  readonly #replies = new ReplyCounter();
  /** Commands sent before each marker. */
  readonly #sentBefore: number[] = [];
  readonly #lag = new LagRecord();
  /** One per run: a marker of an earlier run must not be taken for one of this. */
  readonly #markerKey: string;
  #startedMs = 0;
  #sent = 0;
  #markers = 0;
  #markersSent = 0;
  #visible = 0;
  #measuringFrom: { readonly ms: number; readonly visible: number } | undefined;
  #ended = false;
  #lost: Error | undefined;

  constructor(plan: LoadPlan, events: LoadEvents, socket: Socket, watched: ServerConnection) {
    this.#plan = plan;
    this.#events = events;
    this.#socket = socket;
    this.#watched = watched;
    this.#workload = new Workload(plan.workload, plan);
    this.#markerKey = `${MARKER_PREFIX}${plan.seed}`;
    socket.on("error", (error) => (this.#lost = error));
    socket.on("close", () => (this.#lost ??= new Error("the server that is written to closed the connection")));
    socket.on("data", (chunk: Buffer) => {
      this.#replies.push(chunk);
      this.#pump();
    });
  }

  async run(): Promise<LoadResult> {
    await this.#watched.call("PING");
    this.#startedMs = performance.now();
    const ticker = setInterval(() => this.#pump(), 1);
    let endMs: number;
    let visibleAtEnd: number;
    try {
      while (!this.#ended) {
        await this.#look();
        this.#pump();
      }
      endMs = performance.now();
      visibleAtEnd = this.#visible;
      this.#events.onSent();
      await this.#drain(endMs);
    } finally {
      clearInterval(ticker);
    }
    const from = this.#measuringFrom ?? { ms: this.#startedMs, visible: 0 };
    const measuredSeconds = (endMs - from.ms) / 1_000;
    return {
      commands: this.#sent,
      errors: this.#replies.errors,
      visiblePerSecond: Math.round((visibleAtEnd - from.visible) / Math.max(measuredSeconds, 0.001)),
      measuredSeconds,
      drainMs: performance.now() - endMs,
      lag: this.#lag.figures(from.ms),
    };
  }

  /** Sends what is due and allowed. */
  #pump(): void {
    if (this.#ended || this.#socket.writableNeedDrain) return;
    const nowMs = performance.now();
    const elapsedMs = nowMs - this.#startedMs;
    if (elapsedMs >= this.#plan.seconds * 1_000 || this.#sent >= this.#plan.commandsMax) return this.#end(nowMs);
    if (this.#measuringFrom === undefined && elapsedMs >= this.#plan.warmUpSeconds * 1_000) {
      this.#measuringFrom = { ms: nowMs, visible: this.#visible };
      this.#events.onMeasuring();
    }
    for (let allowed = this.#allowed(elapsedMs); allowed > 0; ) {
      const batch = Math.min(allowed, BATCH_COMMANDS_MAX);
      if (this.#plan.fill) this.#workload.fill(this.#writer, batch);
      else this.#workload.write(this.#writer, batch);
      this.#sent += batch;
      allowed -= batch;
    }
    this.#mark(nowMs);
    if (this.#writer.bytes > 0) this.#socket.write(this.#writer.take());
  }

  #allowed(elapsedMs: number): number {
    const { commandsPerSecond, windowCommands, commandsMax } = this.#plan;
    const left = commandsMax - this.#sent;
    if (commandsPerSecond === undefined) return Math.min(left, this.#visible + windowCommands - this.#sent, BATCH_COMMANDS_MAX * 4);
    if (this.#sent - this.#visible > BEHIND_COMMANDS_MAX) {
      this.#lost = new Error(`the system fell ${BEHIND_COMMANDS_MAX} commands behind the time table`);
      return 0;
    }
    return Math.min(left, Math.floor((elapsedMs * commandsPerSecond) / 1_000) - this.#sent);
  }

  /** Writes a marker where its time has come; of several only the last one goes out, all are counted. */
  #mark(nowMs: number): void {
    const due = Math.floor((nowMs - this.#startedMs) / MARKER_INTERVAL_MS) + 1;
    if (due <= this.#markers) return;
    for (; this.#markers < due; this.#markers += 1) {
      const plannedMs = this.#startedMs + this.#markers * MARKER_INTERVAL_MS;
      this.#lag.sent(this.#plan.commandsPerSecond === undefined ? nowMs : plannedMs);
      this.#sentBefore.push(this.#sent);
    }
    this.#writer.command(["SET", this.#markerKey, this.#markers - 1]);
    this.#markersSent += 1;
  }

  #end(nowMs: number): void {
    this.#ended = true;
    this.#lag.sent(nowMs);
    this.#sentBefore.push(this.#sent);
    this.#markers += 1;
    this.#writer.command(["SET", this.#markerKey, this.#markers - 1]);
    this.#markersSent += 1;
    this.#socket.write(this.#writer.take());
  }

  /** Asks the watched server once. */
  async #look(): Promise<void> {
    if (this.#lost !== undefined) throw this.#lost;
    const reply = await this.#watched.call("GET", this.#markerKey);
    const nowMs = performance.now();
    const marker = reply === null ? -1 : Number(bytesOf(reply).toString());
    if (marker >= 0 && this.#lag.visible(marker, nowMs)) this.#visible = this.#sentBefore[marker]!;
    await delay(POLL_PAUSE_MS);
  }

  async #drain(endMs: number): Promise<void> {
    while (this.#lag.seen < this.#markers || this.#replies.replies < this.#sent + this.#markersSent) {
      if (performance.now() - endMs > DRAIN_TIMEOUT_MS) {
        const missing = `${this.#sent - this.#visible} commands not visible`;
        throw new Error(`after ${DRAIN_TIMEOUT_MS / 1_000} s: ${missing}, ${this.#sent + this.#markersSent - this.#replies.replies} not answered`);
      }
      await this.#look();
    }
  }
}

function openSocket(url: string): Promise<Socket> {
  const { host, port } = serverAddress(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}
