/**
 * A small HTTP server for operators and their tools: a few fixed paths over node:http.
 *
 * GET and HEAD read; a few paths take commands by POST, whose body is JSON and says so, so that no page in a browser can send
 * one by itself. 404 for other paths and 405 for other methods, both as JSON; a handler that fails answers 500 without
 * saying why and logs it. It holds no session, does no TLS and no authentication: bind it to an address
 * that only operators reach. Slow and numerous clients meet the limits below.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { MeridianError } from "@meridian/words";
import type { Logger } from "./logger.js";

/** Connections held at once; more are closed on arrival. */
const CONNECTIONS_MAX = 128;

/** Time a client has to send its request, in milliseconds. */
const REQUEST_MS_MAX = 10_000;

/** Time an idle connection is kept, in milliseconds. */
const IDLE_MS_MAX = 15_000;

/** Time that answers under way get at close, in milliseconds. */
const CLOSE_MS_MAX = 2_000;

/** An answer. */
export interface HttpReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Of a 405: which methods there are; without it GET and HEAD. */
  readonly allow?: string;
}

/** Answers a GET of one path; what stands behind its `?` is given. */
export type HttpHandler = (asked: URLSearchParams) => HttpReply | Promise<HttpReply>;

/** Carries out what the JSON of a POST asks for. */
export type HttpCommand = (body: unknown) => HttpReply | Promise<HttpReply>;

/** What the server does, by exact path. */
export type HttpCommands = Readonly<Record<string, HttpCommand>>;

/** Bytes of the body of a POST; longer ones are refused. */
const BODY_BYTES_MAX = 512 * 1024;

/** What the server serves, by exact path. */
export type HttpRoutes = Readonly<Record<string, HttpHandler>>;

/** How to listen. Port 0 takes a free one. */
export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly routes: HttpRoutes;
  readonly commands?: HttpCommands;
  readonly logger: Logger;
}

/** A JSON answer. */
export function jsonReply(status: number, value: unknown): HttpReply {
  return { status, contentType: "application/json; charset=utf-8", body: `${JSON.stringify(value)}\n` };
}

/** The server; `start` resolves when it listens and rejects with `ADDRESS_UNAVAILABLE` where it cannot. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #server: Server;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#server = createServer({ requestTimeout: REQUEST_MS_MAX, keepAliveTimeout: IDLE_MS_MAX }, (request, response) => {
      void this.#answer(request, response);
    });
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** `http://host:port` as it listens. Throws before `start` has resolved. */
  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo;
    return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
  }

  async start(): Promise<void> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      const refuse = (error: NodeJS.ErrnoException): void => reject(addressUnavailable(host, port, error));
      this.#server.once("error", refuse);
      this.#server.listen(port, host, () => {
        this.#server.off("error", refuse);
        this.#server.on("error", (error) => this.#options.logger.warn({ err: error }, "http server"));
        resolve();
      });
    });
  }

  /** Stops listening, lets answers under way finish for a short time, then closes what is left. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const deadline = setTimeout(() => this.#server.closeAllConnections(), CLOSE_MS_MAX);
    await closed;
    clearTimeout(deadline);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = await this.#reply(request);
    response.statusCode = reply.status;
    response.setHeader("content-type", reply.contentType);
    response.setHeader("content-length", Buffer.byteLength(reply.body));
    response.setHeader("cache-control", "no-store");
    response.setHeader("x-content-type-options", "nosniff");
    if (reply.status === 405) response.setHeader("allow", reply.allow ?? "GET, HEAD");
    // A body that nobody reads would stand in front of the next request on this connection.
    if (request.headers["content-length"] !== undefined || request.headers["transfer-encoding"] !== undefined) response.setHeader("connection", "close");
    response.end(request.method === "HEAD" ? undefined : reply.body);
  }

  async #reply(request: IncomingMessage): Promise<HttpReply> {
    const [path, asked] = splitAt(request.url ?? "/", "?");
    const { routes, commands = {}, logger } = this.#options;
    const command = Object.hasOwn(commands, path) ? commands[path] : undefined;
    if (command !== undefined) return this.#command(request, path, command);
    const handler = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (handler === undefined) return jsonReply(404, { error: "no such path", paths: [...Object.keys(routes), ...Object.keys(commands)] });
    if (request.method !== "GET" && request.method !== "HEAD") return jsonReply(405, { error: "only GET and HEAD" });
    try {
      return await handler(new URLSearchParams(asked));
    } catch (error) {
      logger.error({ err: error, path }, "an http handler failed");
      return jsonReply(500, { error: "internal error; see the log" });
    }
  }

  async #command(request: IncomingMessage, path: string, command: HttpCommand): Promise<HttpReply> {
    if (request.method !== "POST") return { ...jsonReply(405, { error: "only POST" }), allow: "POST" };
    if (!/^application\/json(;|$)/.test(request.headers["content-type"] ?? "")) return jsonReply(415, { error: "the body must be application/json" });
    try {
      const chunks: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of request as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
      }
      if (bytes > BODY_BYTES_MAX) return jsonReply(413, { error: `the body is longer than ${BODY_BYTES_MAX} bytes` });
      const body = parsed(Buffer.concat(chunks).toString("utf8"));
      return body === undefined ? jsonReply(400, { error: "the body is no JSON" }) : await command(body);
    } catch (error) {
      this.#options.logger.error({ err: error, path }, "an http command failed");
      return jsonReply(500, { error: "internal error; see the log" });
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function splitAt(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function addressUnavailable(host: string, port: number, cause: NodeJS.ErrnoException): MeridianError {
  return new MeridianError("ADDRESS_UNAVAILABLE", `cannot listen on ${host}:${port} (${cause.code ?? cause.message})`, {
    advice: "choose another host or port, or stop what listens there",
    retryable: true,
    cause,
  });
}
