/**
 * The replication stream of a server, as commands, for tests: attaches as a replica on a raw socket, without libs/psync,
 * so that the scripts are judged by the bytes that the server sends and by nothing of ours but the RESP parser.
 */
import { CommandParser } from "@meridian/resp";
import { connect, type Socket } from "node:net";

/** One command of the stream; arguments are binary strings. */
export type StreamCommand = readonly string[];

const ACK_INTERVAL_MS = 20;

/** A tail that collects commands. */
export class StreamTail {
  readonly #socket: Socket;
  readonly #commands: StreamCommand[] = [];
  readonly #parser = new CommandParser((view) => {
    const args: string[] = [];
    for (let i = 0; i < view.argc; i++) args.push(view.buffer.toString("latin1", view.starts[i], view.ends[i]));
    this.#commands.push(args);
    this.#wake();
  }, 0);
  #wake: () => void = () => undefined;
  #preface: Buffer | undefined = Buffer.alloc(0);
  #acks: NodeJS.Timeout | undefined;
  #step = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Attaches; the stream flows when this resolves (a FLUSHALL before that would end the transfer and the connection). */
  static async attach(port: number): Promise<StreamTail> {
    const socket = connect({ host: "127.0.0.1", port });
    const tail = new StreamTail(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.on("data", (chunk) => tail.#onData(chunk, resolve));
      socket.once("connect", () => socket.write("REPLCONF capa eof capa psync2\r\n"));
    });
    socket.on("error", () => undefined);
    const probe = connect({ host: "127.0.0.1", port });
    probe.end("SET meridian:probe attached\r\n");
    await tail.until("attached");
    return tail;
  }

  /**
   * Everything up to `SET meridian:probe <token>`, which the caller makes the server execute. PING, REPLCONF and the
   * probe itself are left out.
   */
  async until(token: string): Promise<StreamCommand[]> {
    for (;;) {
      const end = this.#commands.findIndex((command) => command[1] === "meridian:probe" && command[2] === token);
      if (end >= 0) return this.#commands.splice(0, end + 1).slice(0, -1).filter(([name]) => !/^(ping|replconf)$/i.test(name ?? ""));
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  close(): void {
    clearInterval(this.#acks);
    this.#socket.destroy();
  }

  /** Three requests with a line each, then `$EOF:<40 bytes>`, a payload and the 40 bytes again. */
  #onData(chunk: Buffer, attached: () => void): void {
    if (this.#preface === undefined) return this.#parser.push(chunk);
    this.#preface = Buffer.concat([this.#preface, chunk]);
    const requests = ['REPLCONF rdb-filter-only ""\r\n', "PSYNC ? -1\r\n"];
    while (this.#step < 3) {
      const end = this.#preface.indexOf("\n");
      if (end < 0) return;
      const line = this.#preface.subarray(0, end).toString("latin1").trim();
      this.#preface = this.#preface.subarray(end + 1);
      if (line === "") continue;
      const request = requests[this.#step++];
      if (request !== undefined) this.#socket.write(request);
    }
    const start = this.#preface.indexOf("$EOF:");
    const end = this.#preface.indexOf("\r\n", start);
    if (start < 0 || end < 0) return;
    const delimiter = this.#preface.subarray(start + 5, end);
    const close = this.#preface.indexOf(delimiter, end);
    if (close < 0) return;
    const rest = this.#preface.subarray(close + delimiter.length);
    this.#preface = undefined;
    // an ACK that comes before the server has reaped the child that sent the payload is forgotten
    this.#acks = setInterval(() => this.#socket.write("REPLCONF ACK 0\r\n"), ACK_INTERVAL_MS);
    if (rest.length > 0) this.#parser.push(rest);
    attached();
  }
}
