/**
 * Free TCP ports on the loopback interface.
 *
 * Promises a port that nothing listened on a moment ago, and which the system gives to no outgoing connection: it stays free while a
 * server of ours is down between two lives. Refuses to promise that no other listener takes it in between, so the caller retries
 * when its listen fails.
 */
import { createServer } from "node:net";

/** Below what Linux (32,768) and others (49,152) give to outgoing connections, above what services are known by. */
const PORT_FIRST = 15_000;
const PORTS = 17_000;
const ATTEMPTS_MAX = 100;

/** A port on 127.0.0.1 that was free when asked. Rejects with the system's error where none is found. */
export async function freePort(): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = PORT_FIRST + Math.floor(Math.random() * PORTS);
    try {
      await listenOnce(port);
      return port;
    } catch (error) {
      const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
      if (!isTaken || attempt === ATTEMPTS_MAX) throw error;
    }
  }
}

function listenOnce(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => server.close(() => resolve()));
  });
}
