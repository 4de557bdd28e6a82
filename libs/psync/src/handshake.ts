/**
 * The words exchanged before a server streams to us: PING, AUTH, REPLCONF, PSYNC.
 *
 * Promises one request at a time (a server refuses PSYNC with another reply pending) and a decision for every reply:
 * the next request, the outcome, or an error with advice. Announces port 0, so that nothing takes us for a server, and
 * asks for a payload without keys where the server can (Redis 7.0 and later, Valkey). Pure: lines in, requests out.
 */
import { encodeCommand } from "@meridian/resp";
import { MeridianError } from "@meridian/words";
import { refusalError } from "./refusal.js";
import type { StreamPosition } from "./stream-position.js";

/** With what to introduce ourselves and where to begin. */
export interface HandshakeOptions {
  /** For messages: host and port. */
  readonly server: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Resume here; without it the server is asked for its present place. */
  readonly from?: StreamPosition | undefined;
}

/** How the server answered PSYNC. */
export interface HandshakeOutcome {
  readonly kind: "full" | "continue";
  readonly position: StreamPosition;
  /** The server will leave the keys out of the payload. */
  readonly filtered: boolean;
}

/** What to do after a reply. */
export type HandshakeStep = { readonly send: Buffer } | { readonly outcome: HandshakeOutcome };

interface Request {
  readonly name: string;
  readonly args: readonly string[];
  /** Error replies that do not end the handshake; the text comes without its "-". */
  readonly tolerates?: (text: string) => boolean;
}

const REPLICATION_ID = /^[0-9a-f]{40}$/i;

/** See the module's comment. One object serves one connection. */
export class Handshake {
  readonly #options: HandshakeOptions;
  readonly #requests: readonly Request[];
  #next = 0;
  #filtered = false;

  constructor(options: HandshakeOptions) {
    this.#options = options;
    this.#requests = requestsOf(options);
  }

  /** The first request. */
  start(): Buffer {
    return encodeCommand((this.#requests[this.#next] as Request).args);
  }

  /** The request that waits for its reply, for messages. */
  get waitingFor(): string {
    return (this.#requests[this.#next] as Request).name;
  }

  /** Takes one reply line, without its CRLF. Throws `SERVER_*` or `STREAM_PROTOCOL`. */
  onReply(line: string): HandshakeStep {
    const request = this.#requests[this.#next] as Request;
    if (line.startsWith("-")) {
      const text = line.slice(1);
      if (request.tolerates?.(text) !== true) throw refusalError(this.#options.server, request.name, text);
    } else if (!line.startsWith("+")) {
      this.#fail(line);
    } else if (request.name === "PSYNC") {
      return { outcome: this.#outcome(line) };
    } else if (request.name === FILTER) {
      this.#filtered = true;
    }
    this.#next += 1;
    return { send: this.start() };
  }

  #outcome(line: string): HandshakeOutcome {
    const [verb = "", id, offset] = line.slice(1).trim().split(/\s+/);
    const { from } = this.#options;
    if (verb === "FULLRESYNC" && id !== undefined && REPLICATION_ID.test(id) && /^\d{1,15}$/.test(offset ?? "")) {
      return { kind: "full", position: { replicationId: id, offset: Number(offset) }, filtered: this.#filtered };
    }
    if (verb === "CONTINUE" && from !== undefined && (id === undefined || REPLICATION_ID.test(id))) {
      const position = { replicationId: id ?? from.replicationId, offset: from.offset };
      return { kind: "continue", position, filtered: this.#filtered };
    }
    return this.#fail(line);
  }

  #fail(line: string): never {
    const { server } = this.#options;
    throw new MeridianError("STREAM_PROTOCOL", `${server} answered ${this.waitingFor} with ${JSON.stringify(line.slice(0, 100))}`, {
      advice: "check that the address is that of a Redis or Valkey server (not of Sentinel, of a proxy, or of a TLS port)",
    });
  }
}

const FILTER = "REPLCONF rdb-filter-only";

function requestsOf({ username, password, from }: HandshakeOptions): Request[] {
  const auth = username === undefined ? ["AUTH", password ?? ""] : ["AUTH", username, password ?? ""];
  const place = from === undefined ? ["?", "-1"] : [from.replicationId, String(from.offset + 1)];
  const hasCredentials = password !== undefined || username !== undefined;
  return [
    {
      // asked before AUTH, of whatever user that is: only that somebody answers is of interest
      name: "PING",
      args: ["PING"],
      tolerates: (text) => /^NOPERM\b/.test(text) || (hasCredentials && /^NOAUTH\b|^ERR operation not permitted/.test(text)),
    },
    ...(hasCredentials ? [{ name: "AUTH", args: auth.map(utf8) }] : []),
    { name: "REPLCONF listening-port", args: ["REPLCONF", "listening-port", "0"] },
    { name: "REPLCONF capa", args: ["REPLCONF", "capa", "eof", "capa", "psync2"] },
    // unknown before Redis 7.0; the whole payload is skipped then
    { name: FILTER, args: ["REPLCONF", "rdb-filter-only", ""], tolerates: (text) => /^ERR\b/.test(text) },
    { name: "PSYNC", args: ["PSYNC", ...place] },
  ];
}

/** Passwords are text; requests are bytes. */
function utf8(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
