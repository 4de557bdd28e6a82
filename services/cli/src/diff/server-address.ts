/**
 * A server to compare: its name in the report and where it answers.
 *
 * Reads `redis://[user[:password]@]host[:port]` and `rediss://` (TLS). Refuses a database in the path, because every
 * database is compared.
 */
import { MeridianError } from "@meridian/words";

/** Where a server answers and how to log in. */
export interface ServerAddress {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: boolean;
}

/** Reads a URL; the name in reports is `name`, else host:port. Throws `BAD_OPTION`. */
export function serverAddress(url: string, name?: string): ServerAddress {
  const parsed = parse(url);
  const path = parsed.pathname.replace(/^\//, "");
  if (path !== "") {
    throw new MeridianError("BAD_OPTION", `${url} names database ${path}`, {
      advice: "leave the path away: every database is compared (or use --db)",
    });
  }
  const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = parsed.port === "" ? 6379 : Number(parsed.port);
  return {
    name: name ?? `${host}:${port}`,
    host,
    port,
    username: parsed.username === "" ? undefined : decodeURIComponent(parsed.username),
    password: parsed.password === "" ? undefined : decodeURIComponent(parsed.password),
    tls: parsed.protocol === "rediss:",
  };
}

function parse(url: string): URL {
  try {
    const parsed = new URL(url);
    if ((parsed.protocol === "redis:" || parsed.protocol === "rediss:") && parsed.hostname !== "") return parsed;
  } catch {
    // refused below
  }
  throw new MeridianError("BAD_OPTION", `${JSON.stringify(url)} is not a server's URL`, {
    advice: "write redis://host:port or rediss://host:port, with user:password@ where needed",
  });
}
