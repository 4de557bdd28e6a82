/**
 * A socket of which everything is read that has arrived. A server that ends leaves its last bytes in our kernel; whoever writes
 * to it then fails, and Node would close the socket and throw those bytes away.
 */
import type { Socket } from "node:net";

type Done = (error?: Error | null) => void;

/** What fails to be written is not said: the end of reading tells that the connection is lost. */
export function readingOn(socket: Socket): Socket {
  const write = socket._write.bind(socket);
  const writeAll = socket._writev?.bind(socket);
  const quiet = (done: Done): Done => () => done();
  socket._write = (chunk: unknown, encoding, done: Done) => write(chunk, encoding, quiet(done));
  if (writeAll) socket._writev = (chunks, done: Done) => writeAll(chunks, quiet(done));
  return socket;
}
