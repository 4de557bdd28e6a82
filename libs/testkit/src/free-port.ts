/**
 * Free TCP ports on the loopback interface.
 *
 * Promises a port that nothing listened on a moment ago; refuses to promise that nobody takes it in between, so the
 * caller retries when its listen fails.
 */
import { createServer, type AddressInfo } from "node:net";

/** A port on 127.0.0.1 that was free when asked. Rejects with the system's error where none is left. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
