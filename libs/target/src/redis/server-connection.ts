/**
 * One raw connection to a server: commands out, replies back in the same order.
 *
 * Promise: every call is answered or rejected exactly once; a lost connection rejects all calls in flight with a
 * retryable `SERVER_UNAVAILABLE`, and the connection stays dead. Error replies are values ({@link ReplyError}), because
 * only the caller knows what they mean. Refuses calls beyond {@link IN_FLIGHT_MAX}.
 */
import { CommandWriter, ReplyParser, type CommandArgument, type Reply } from "@meridian/resp";
import { MeridianError } from "@meridian/words";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

/** Where the server is and how long to wait for it. */
export interface ConnectionOptionsOfServer {
  readonly host: string;
  readonly port: number;
  /** Present (may be empty): speak TLS. */
  readonly tls?: ConnectionOptions;
  /** Until the socket is connected. */
  readonly connectTimeoutMs: number;
  /** With calls in flight and not a byte from the server for this long, the connection is given up. */
  readonly replyTimeoutMs: number;
}

/** Calls without an answer, at most. */
export const IN_FLIGHT_MAX = 4096;

/** Looks at what comes in; true where it was sent unasked, and is no answer. */
export type OnUnasked = (reply: Reply) => boolean;

/** Told once, when the connection is lost. */
export type OnClosed = (error: MeridianError) => void;

interface Waiting {
  readonly onReply: (reply: Reply) => void;
  readonly onLost: (error: MeridianError) => void;
}

/** See the module's comment. */
export class ServerConnection {
  readonly #socket: Socket;
  readonly #address: string;
  readonly #writer = new CommandWriter();
  readonly #parser: ReplyParser;
  readonly #onUnasked: OnUnasked | undefined;
  readonly #onClosed: OnClosed | undefined;
  #waiting: Waiting[] = [];
  #answered = 0;
  #lost: MeridianError | undefined;

  private constructor(socket: Socket, options: ConnectionOptionsOfServer, onUnasked?: OnUnasked, onClosed?: OnClosed) {
    this.#socket = socket;
    this.#onUnasked = onUnasked;
    this.#onClosed = onClosed;
    this.#address = `${options.host}:${options.port}`;
    this.#parser = new ReplyParser((reply) => this.#onReply(reply));
    socket.setNoDelay(true);
    socket.setTimeout(options.replyTimeoutMs, () => {
      if (this.inFlight > 0) socket.destroy(new Error(`no byte for ${options.replyTimeoutMs} ms with ${this.inFlight} calls in flight`));
    });
    socket.on("data", (chunk) => this.#onData(chunk));
    socket.on("error", (error) => this.#onLost(error));
    socket.on("close", () => this.#onLost(undefined));
  }

  /**
   * Connects. Rejects with a retryable `SERVER_UNAVAILABLE`. A subscriber says what is sent unasked, and hears when the
   * connection is lost.
   */
  static open(options: ConnectionOptionsOfServer, onUnasked?: OnUnasked, onClosed?: OnClosed): Promise<ServerConnection> {
    const { host, port, tls, connectTimeoutMs } = options;
    return new Promise((resolve, reject) => {
      const socket = tls === undefined ? connectTcp({ host, port }) : connectTls({ host, port, ...tls });
      const fail = (reason: string, cause?: unknown): void => {
        socket.destroy();
        reject(unavailable(`${host}:${port}`, reason, cause));
      };
      const timer = setTimeout(() => fail(`not connected within ${connectTimeoutMs} ms`), connectTimeoutMs);
      const onError = (error: Error): void => {
        clearTimeout(timer);
        fail(error.message, error);
      };
      socket.once("error", onError);
      socket.once(tls === undefined ? "connect" : "secureConnect", () => {
        clearTimeout(timer);
        socket.off("error", onError);
        resolve(new ServerConnection(socket, options, onUnasked, onClosed));
      });
    });
  }

  get inFlight(): number {
    return this.#waiting.length - this.#answered;
  }

  /** Sends one command; one of the two callbacks is called exactly once, later. */
  send(args: readonly CommandArgument[], onReply: (reply: Reply) => void, onLost: (error: MeridianError) => void): void {
    const refused = this.#lost ?? (this.inFlight >= IN_FLIGHT_MAX ? this.#tooMany() : undefined);
    if (refused !== undefined) {
      queueMicrotask(() => onLost(refused));
      return;
    }
    this.#waiting.push({ onReply, onLost });
    this.#writer.command(args);
    this.#socket.write(this.#writer.take());
  }

  /** {@link send} as a promise. */
  call(args: readonly CommandArgument[]): Promise<Reply> {
    return new Promise((resolve, reject) => this.send(args, resolve, reject));
  }

  /** Ends the connection; calls in flight are rejected. */
  async close(): Promise<void> {
    if (this.#socket.closed) return;
    await new Promise<void>((resolve) => {
      this.#socket.once("close", () => resolve());
      this.#socket.destroy();
    });
  }

  #onData(chunk: Buffer): void {
    try {
      this.#parser.push(chunk);
    } catch (error) {
      this.#socket.destroy(error as Error);
    }
    if (this.#answered < 256 && this.#answered < this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#answered);
    this.#answered = 0;
  }

  #onReply(reply: Reply): void {
    if (this.#onUnasked?.(reply) === true) return;
    const next = this.#waiting[this.#answered];
    if (next === undefined) throw new Error("a reply that nobody asked for");
    this.#answered += 1;
    next.onReply(reply);
  }

  #onLost(cause: Error | undefined): void {
    const isFirst = this.#lost === undefined;
    this.#lost ??= unavailable(this.#address, cause?.message ?? "the connection was closed", cause);
    const abandoned = this.#waiting.slice(this.#answered);
    this.#waiting = [];
    this.#answered = 0;
    for (const { onLost } of abandoned) onLost(this.#lost);
    if (isFirst) this.#onClosed?.(this.#lost);
  }

  #tooMany(): MeridianError {
    return unavailable(this.#address, `${IN_FLIGHT_MAX} calls are in flight already`);
  }
}

function unavailable(address: string, reason: string, cause?: unknown): MeridianError {
  return new MeridianError("SERVER_UNAVAILABLE", `server ${address}: ${reason}`, {
    advice: "nothing is lost: the agent connects again and sends what was not answered; check the server and the network",
    retryable: true,
    cause,
  });
}
