/** What a tail needs to know, and whom it tells. */
import type { MeridianError } from "@meridian/words";
import type { ConnectionOptions } from "node:tls";

/** Of a logger, what is used here; pino's fits. */
export interface TailLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** How to reach a server and how patient to be. */
export interface TailOptions {
  readonly host: string;
  readonly port: number;
  /** The ACL user; without it the password is that of the default user. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Speaks TLS, with these options (node:tls); an empty object suffices for a trusted certificate. */
  readonly tls?: ConnectionOptions | undefined;
  /**
   * Gives up attaching when the server says nothing for so long, keep-alives included: at connecting, at each reply,
   * within the payload. A server that delays diskless payloads (5 s by default) sends a keep-alive each second.
   */
  readonly connectTimeoutMs: number;
  /** The last acknowledgement is repeated so often; 1000 by default. The server drops replicas after repl-timeout (60 s). */
  readonly ackIntervalMs?: number | undefined;
  /** The stream is lost when the server says nothing for so long; 60,000 by default. It pings each 10 s by default. */
  readonly streamTimeoutMs?: number | undefined;
  readonly logger?: TailLogger | undefined;
}

/** Whom a tail tells. Both are called from the event loop, never from within a method of the tail. */
export interface TailHandlers {
  /**
   * Raw bytes of the stream, in order, beginning right behind `Attached.offset`. A MeridianError that it throws ends the
   * tail and comes back through `onLost`; anything else is a mistake and stays uncaught.
   */
  onChunk(chunk: Buffer): void;
  /** The attached connection ended, but not by `close()`. Called once; nothing follows. */
  onLost(error: MeridianError): void;
}
