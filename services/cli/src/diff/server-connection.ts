/**
 * One connection to a server that is only read from: many commands in one write, their replies in one array.
 *
 * Promises replies in order and an error (`SERVER_UNAVAILABLE`) for everything that is outstanding when the connection
 * ends or the server says nothing for {@link REPLY_TIMEOUT_MS}. Does not reconnect: a comparison whose server went
 * away is to be started again.
 */
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { CommandWriter, ReplyError, ReplyParser, type CommandArgument, type Reply } from "@meridian/resp";
import { MeridianError } from "@meridian/words";
import type { ServerAddress } from "./server-address.js";

/** Silence after which a server counts as unreachable. */
export const REPLY_TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 5_000;

interface Outstanding {
  readonly replies: Reply[];
  readonly expected: number;
  readonly resolve: (replies: Reply[]) => void;
  readonly reject: (error: Error) => void;
}

/** See the module's comment. Opened by {@link ServerConnection.open}. */
export class ServerConnection {
  readonly address: ServerAddress;
  readonly #socket: Socket;
  readonly #writer = new CommandWriter();
  readonly #outstanding: Outstanding[] = [];
  #head = 0;
  #lost: MeridianError | undefined;

  /** Connects and logs in. Throws `SERVER_UNAVAILABLE` or `SERVER_REFUSED`. */
  static async open(address: ServerAddress): Promise<ServerConnection> {
    const connection = new ServerConnection(address, await openSocket(address));
    const { username, password } = address;
    try {
      if (password !== undefined) await connection.call("AUTH", ...(username === undefined ? [] : [username]), password);
      await connection.call("PING");
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  private constructor(address: ServerAddress, socket: Socket) {
    this.address = address;
    this.#socket = socket;
    const parser = new ReplyParser((reply) => this.#onReply(reply));
    socket.on("data", (chunk: Buffer) => {
      try {
        parser.push(chunk);
      } catch (error) {
        this.#fail(error as MeridianError);
      }
    });
    socket.setTimeout(REPLY_TIMEOUT_MS, () => {
      if (this.#head < this.#outstanding.length) this.#fail(unavailable(address, `no reply for ${REPLY_TIMEOUT_MS} ms`));
    });
    socket.on("error", (error) => this.#fail(unavailable(address, error.message, error)));
    socket.on("close", () => this.#fail(unavailable(address, "the connection was closed")));
  }

  /** Sends what `write` puts into the writer; resolves with one reply per command. Errors are values among them. */
  batch(write: (writer: CommandWriter) => void): Promise<Reply[]> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    write(this.#writer);
    const expected = this.#writer.commands;
    if (expected === 0) return Promise.resolve([]);
    const bytes = this.#writer.take();
    return new Promise((resolve, reject) => {
      this.#outstanding.push({ replies: [], expected, resolve, reject });
      this.#socket.write(bytes);
    });
  }

  /** One command. Throws `SERVER_REFUSED` where the reply is an error. */
  async call(...args: CommandArgument[]): Promise<Reply> {
    const [reply] = await this.batch((writer) => writer.command(args));
    return accepted(reply as Reply, this.address, String(args[0]));
  }

  /** Ends the connection. */
  close(): void {
    this.#socket.destroy();
  }

  #onReply(reply: Reply): void {
    const current = this.#outstanding[this.#head];
    if (current === undefined) return; // a push message; nobody asked
    current.replies.push(reply);
    if (current.replies.length < current.expected) return;
    this.#head += 1;
    if (this.#head === this.#outstanding.length) {
      this.#outstanding.length = 0;
      this.#head = 0;
    }
    current.resolve(current.replies);
  }

  #fail(error: MeridianError): void {
    this.#lost ??= error;
    this.#socket.destroy();
    for (const waiting of this.#outstanding.splice(this.#head)) waiting.reject(this.#lost);
    this.#outstanding.length = 0;
    this.#head = 0;
  }
}

/** The reply, or `SERVER_REFUSED` where it is an error. */
export function accepted(reply: Reply, address: ServerAddress, command: string): Reply {
  if (!(reply instanceof ReplyError)) return reply;
  throw new MeridianError("SERVER_REFUSED", `${address.name} refused ${command}: ${reply.message}`, {
    advice: /^(NOAUTH|WRONGPASS|NOPERM)/.test(reply.message)
      ? "give a user and password in the URL that may read every key"
      : "look at the server's log",
  });
}

function openSocket(address: ServerAddress): Promise<Socket> {
  const { host, port } = address;
  return new Promise((resolve, reject) => {
    const socket = address.tls ? connectTls({ host, port, servername: host }) : connectTcp({ host, port });
    const fail = (reason: string, cause?: Error): void => {
      socket.destroy();
      reject(unavailable(address, reason, cause));
    };
    const onTimeout = (): void => fail(`no connection within ${CONNECT_TIMEOUT_MS} ms`);
    const onError = (error: Error): void => fail(error.message, error);
    socket.setTimeout(CONNECT_TIMEOUT_MS, onTimeout);
    socket.once("error", onError);
    socket.once(address.tls ? "secureConnect" : "connect", () => {
      socket.off("timeout", onTimeout).off("error", onError);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

function unavailable(address: ServerAddress, reason: string, cause?: Error): MeridianError {
  return new MeridianError("SERVER_UNAVAILABLE", `cannot read from ${address.name} (${address.host}:${address.port}): ${reason}`, {
    advice: "check that the server runs and that the address is right",
    retryable: true,
    ...(cause === undefined ? {} : { cause }),
  });
}
