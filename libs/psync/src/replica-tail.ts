/**
 * A replica's side of one connection: attach to a server, hand its command stream on byte for byte, acknowledge.
 *
 * Promises that the chunks, put together, are the server's stream without a gap from `Attached.offset` on; that what a server
 * had sent when it ended is handed on, though acknowledgements can no longer be written; that only
 * what the owner called durable is acknowledged; that a paused tail reads no more, so that the server's own buffers and
 * limits apply. Refuses to reconnect: one tail is the life of one connection, the owner makes the next one and says
 * from where. Does not look into the stream (except for a request for an acknowledgement at the end of a chunk, which
 * only makes the next one prompt) nor into the payload.
 */
import { MeridianError } from "@meridian/words";
import { encodeCommand } from "@meridian/resp";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { Acknowledger } from "./acknowledger.js";
import { Handshake, type HandshakeOutcome } from "./handshake.js";
import { PayloadSkipper } from "./payload-skipper.js";
import { readingOn } from "./reading-on.js";
import { connectionError, refusalError } from "./refusal.js";
import type { Attached, StreamPosition } from "./stream-position.js";
import type { TailHandlers, TailOptions } from "./tail-options.js";

/** A reply of the handshake; servers need some 100 bytes, error texts included. */
const REPLY_LINE_BYTES_MAX = 4096;
/** Read ahead at most, per buffer: one in the stream's queue and one in the read under way. */
const READ_BYTES = 64 * 1024;
/** Bytes that a paused tail may hold in this process; the rest stays in the kernel and in the server. */
export const PAUSED_BYTES_MAX = 2 * READ_BYTES;
const ACK_INTERVAL_MS = 1_000;
/** First pause before the first acknowledgement of a fresh attach is said again; it doubles each time. */
const FIRST_ACK_AGAIN_MS = 10;
const STREAM_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_MS = 30_000;
/** A server that does not read our last acknowledgement is not waited for longer. */
const CLOSE_TIMEOUT_MS = 1_000;
const GETACK = encodeCommand(["REPLCONF", "GETACK", "*"]);
const LF = 10;

type Phase = "new" | "connecting" | "handshake" | "payload" | "stream" | "ended";

/** See the module's comment. */
export class ReplicaTail {
  readonly #options: TailOptions;
  readonly #handlers: TailHandlers;
  readonly #server: string;
  #phase: Phase = "new";
  #socket: Socket | undefined;
  #handshake: Handshake | undefined;
  #line = "";
  #outcome: HandshakeOutcome | undefined;
  #skipper: PayloadSkipper | undefined;
  #acknowledger: Acknowledger | undefined;
  #settle: { resolve(attached: Attached): void; reject(error: MeridianError): void } | undefined;
  #from: StreamPosition | undefined;
  #silence: NodeJS.Timeout | undefined;
  #again: NodeJS.Timeout | undefined;
  #received = 0;
  #paused = false;
  /** Stream bytes that arrived in one chunk with the end of the handshake. */
  #rest: Buffer | undefined;

  constructor(options: TailOptions, handlers: TailHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#server = `${isIP(options.host) === 6 ? `[${options.host}]` : options.host}:${options.port}`;
  }

  /** Offset behind the last chunk handed on; 0 before the attach. */
  get receivedOffset(): number {
    return this.#received;
  }

  /** Stream bytes read from the connection and not yet handed on; at most {@link PAUSED_BYTES_MAX}. */
  get heldBytes(): number {
    return (this.#rest?.length ?? 0) + (this.#socket?.readableLength ?? 0);
  }

  /**
   * Connects and attaches, at `from` or at the server's present place. Resolves before the first chunk is handed on:
   * whoever is not ready in the same turn calls {@link pause} first. Rejects with `SERVER_UNAVAILABLE`,
   * `SERVER_REFUSED`, `SERVER_UNSUPPORTED` or `STREAM_PROTOCOL`.
   */
  attach(from?: StreamPosition): Promise<Attached> {
    if (this.#phase !== "new") throw new Error("a tail attaches once; make a new one");
    const { username, password } = this.#options;
    this.#from = from;
    this.#handshake = new Handshake({ server: this.#server, username, password, from });
    this.#phase = "connecting";
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#connect(this.#handshake as Handshake);
    });
  }

  /** Everything up to `offset` is durable. Told to the server promptly; a lower offset than before is ignored. */
  ack(offset: number): void {
    if (offset > this.#received) throw new RangeError(`offset ${offset} lies beyond what was received, ${this.#received}`);
    this.#acknowledger?.advance(offset);
  }

  /** Hands no more on until {@link resume}. Acknowledgements go on. The server cuts us when its buffer for us is full. */
  pause(): void {
    this.#paused = true;
    if (this.#phase === "stream") this.#socket?.pause();
  }

  /** Hands on again, from the next turn of the event loop. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#phase === "stream") setImmediate(() => this.#flow());
  }

  /** Sends the last acknowledgement and ends the connection. A pending attach rejects; `onLost` is not called. */
  async close(): Promise<void> {
    const socket = this.#socket;
    const settle = this.#settle;
    this.#end();
    settle?.reject(connectionError(this.#server, "attaching", new Error("the tail was closed")));
    if (socket === undefined || socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const forced = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS);
      socket.once("close", () => {
        clearTimeout(forced);
        resolve();
      });
      if (socket.connecting) socket.destroy();
      else socket.destroySoon();
    });
  }

  #connect(handshake: Handshake): void {
    const { host, port, tls, connectTimeoutMs } = this.#options;
    const socket = readingOn(
      tls === undefined
        ? connectTcp({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS })
        : connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...tls }),
    );
    this.#socket = socket;
    socket.once(tls === undefined ? "connect" : "secureConnect", () => {
      if (this.#phase !== "connecting") return;
      this.#phase = "handshake";
      socket.setNoDelay(true);
      socket.write(handshake.start());
    });
    let failure: Error | undefined;
    socket.on("error", (error: Error) => (failure = error));
    socket.on("close", () => this.#lose(connectionError(this.#server, this.#doing(), failure)));
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    this.#watchSilence(connectTimeoutMs);
  }

  #onData(chunk: Buffer): void {
    this.#silence?.refresh();
    if (this.#phase === "stream") return this.#deliver(chunk);
    let position = 0;
    try {
      if (this.#phase === "handshake") position = this.#readReplies(chunk);
      if (this.#phase === "payload") position = (this.#skipper as PayloadSkipper).push(chunk, position);
    } catch (error) {
      return this.#lose(error);
    }
    if (this.#phase !== "ended" && this.#outcome !== undefined && position >= 0) this.#begin(chunk.subarray(position));
  }

  /** Answers replies until PSYNC is answered. Returns where the chunk goes on. */
  #readReplies(chunk: Buffer): number {
    for (let position = 0; position < chunk.length; position++) {
      const byte = chunk[position] as number;
      if (byte !== LF) {
        this.#line += String.fromCharCode(byte);
        if (this.#line.length > REPLY_LINE_BYTES_MAX) throw this.#tooLong();
        continue;
      }
      const line = this.#line.trimEnd();
      this.#line = "";
      if (line === "") continue; // a keep-alive
      const step = (this.#handshake as Handshake).onReply(line);
      if ("send" in step) {
        this.#socket?.write(step.send);
        continue;
      }
      this.#outcome = step.outcome;
      if (step.outcome.kind === "full") {
        this.#phase = "payload";
        this.#skipper = new PayloadSkipper((text) => refusalError(this.#server, "PSYNC", text));
        if (!step.outcome.filtered) {
          const message = "the server cannot leave keys out of its payload; all of it is skipped";
          this.#options.logger?.warn({ server: this.#server }, message);
        }
      }
      return position + 1;
    }
    return chunk.length;
  }

  /** The stream begins: first acknowledgement, then the caller of attach, then the chunks. */
  #begin(rest: Buffer): void {
    const { kind, position } = this.#outcome as HandshakeOutcome;
    const socket = this.#socket as Socket;
    this.#phase = "stream";
    this.#received = position.offset;
    this.#rest = rest.length > 0 ? rest : undefined;
    socket.pause();
    const ackIntervalMs = this.#options.ackIntervalMs ?? ACK_INTERVAL_MS;
    this.#acknowledger = new Acknowledger((offset) => this.#sendAck(offset), position.offset, ackIntervalMs);
    if (this.#skipper?.framing === "marker") this.#ackAgain(position.offset, FIRST_ACK_AGAIN_MS, ackIntervalMs);
    this.#watchSilence(this.#options.streamTimeoutMs ?? STREAM_TIMEOUT_MS);
    const previous = this.#from?.replicationId;
    const attached: Attached = {
      ...position,
      resumed: kind === "continue",
      ...(kind === "continue" && previous !== undefined && previous !== position.replicationId
        ? { previousReplicationId: previous }
        : {}),
    };
    const payload = { payloadBytes: this.#skipper?.bytes ?? 0, framing: this.#skipper?.framing };
    this.#options.logger?.info({ server: this.#server, ...attached, ...payload }, "attached");
    this.#skipper = undefined;
    this.#settle?.resolve(attached);
    this.#settle = undefined;
    setImmediate(() => this.#flow());
  }

  /**
   * A diskless payload's stream flows only after an acknowledgement, and the server overlooks one that it reads before it
   * has reaped the child that sent the payload. So it is said again until the stream flows or the interval takes over.
   */
  #ackAgain(offset: number, delayMs: number, ackIntervalMs: number): void {
    if (delayMs >= ackIntervalMs) return;
    this.#again = setTimeout(() => {
      if (this.#phase !== "stream" || this.#received > offset || this.heldBytes > 0) return;
      this.#acknowledger?.repeat();
      this.#ackAgain(offset, delayMs * 2, ackIntervalMs);
    }, delayMs);
  }

  #flow(): void {
    if (this.#phase !== "stream" || this.#paused) return;
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest !== undefined) this.#deliver(rest);
    if (!this.#paused) this.#socket?.resume();
  }

  #deliver(chunk: Buffer): void {
    this.#received += chunk.length;
    if (chunk.length >= GETACK.length && chunk.subarray(-GETACK.length).equals(GETACK)) {
      this.#acknowledger?.expect(this.#received - GETACK.length);
    }
    try {
      this.#handlers.onChunk(chunk);
    } catch (error) {
      this.#lose(error);
    }
  }

  #sendAck(offset: number): void {
    const socket = this.#socket;
    if (socket === undefined || !socket.writable || socket.writableNeedDrain) return; // the next one says it too
    socket.write(encodeCommand(["REPLCONF", "ACK", offset]));
  }

  /** (Re)starts the watch over the server's silence; bytes refresh it, a pause of our own is not silence. */
  #watchSilence(limitMs: number): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      if (this.#paused && this.#phase === "stream") this.#silence?.refresh();
      else this.#lose(connectionError(this.#server, this.#doing(), new Error(`it said nothing for ${limitMs} ms`)));
    }, limitMs);
  }

  #doing(): string {
    if (this.#phase === "stream") return `streaming at offset ${this.#received}`;
    if (this.#phase === "payload") return `sending its payload (${this.#skipper?.bytes ?? 0} bytes so far)`;
    return this.#phase === "connecting" ? "connecting" : `answering ${this.#handshake?.waitingFor ?? "nothing"}`;
  }

  /** Ends by a fault: the caller of attach or the owner hears of it. Mistakes of our own go on as they are. */
  #lose(error: unknown): void {
    if (this.#phase === "ended") return;
    const settle = this.#settle;
    this.#end();
    this.#socket?.destroy();
    if (!(error instanceof MeridianError)) throw error;
    if (settle !== undefined) settle.reject(error);
    else this.#handlers.onLost(error);
  }

  #end(): void {
    this.#acknowledger?.stop();
    this.#acknowledger = undefined;
    clearTimeout(this.#silence);
    clearTimeout(this.#again);
    this.#settle = undefined;
    this.#rest = undefined;
    this.#phase = "ended";
    this.#socket?.removeAllListeners("data");
  }

  #tooLong(): MeridianError {
    return new MeridianError("STREAM_PROTOCOL", `${this.#server} answered with a line over ${REPLY_LINE_BYTES_MAX} bytes`, {
      advice: "check that the address is that of a Redis or Valkey server",
    });
  }
}
