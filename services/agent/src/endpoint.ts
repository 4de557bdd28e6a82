/**
 * Where a server is and how to log in: an address and what stands beside it, put together.
 */
import type { ConnectionOptions } from "node:tls";
import { connectionOptions, type TlsOptions } from "./tls-fields.js";

/** Port of Redis and Valkey where an address names none. */
const PORT_DEFAULT = 6379;

/** What a connection to a server needs. `tls` is present exactly where TLS is spoken. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: ConnectionOptions;
}

/** An address with the options beside it. */
export interface AddressOptions {
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly tls: TlsOptions;
}

/** Puts an address together; reads TLS files, so call it for each connection. Throws `BAD_OPTION`. */
export function endpointOf(address: AddressOptions): Endpoint {
  const url = new URL(address.url);
  const username = address.username ?? decodeURIComponent(url.username);
  const password = address.password ?? decodeURIComponent(url.password);
  return {
    // WHATWG URLs keep the brackets of an IPv6 address; sockets do not take them.
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? PORT_DEFAULT : Number(url.port),
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password }),
    ...(url.protocol === "rediss:" ? { tls: connectionOptions(address.tls) } : {}),
  };
}
