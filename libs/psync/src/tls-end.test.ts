/** The end of a connection over TLS: all that had arrived is handed on, whether it ends in good order or by a reset while we write. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { waitFor } from "@meridian/testkit";
import type { MeridianError } from "@meridian/words";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { ReplicaTail } from "./replica-tail.js";

const ID = "c".repeat(40);
const GETACK = "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n";
const ANSWERS = ["+PONG\r\n", "+OK\r\n", "+OK\r\n", "+OK\r\n", `+CONTINUE\r\n${GETACK}`];
/** More than one record of TLS, and less than what kernels take at once. */
const LAST = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$50000\r\n" + "v".repeat(50_000) + "\r\n";

let dir: string;
let key: Buffer;
let cert: Buffer;
let server: Server;
/** What the server holds of its one client: below TLS, and above. */
let raw: Socket | undefined;
let peer: TLSSocket | undefined;
let tail: ReplicaTail | undefined;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "meridian-tls-"));
  const [keyFile, certFile] = [join(dir, "key.pem"), join(dir, "cert.pem")];
  const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  await promisify(execFile)("openssl", [...request, ...subject, "-keyout", keyFile, "-out", certFile]);
  [key, cert] = await Promise.all([readFile(keyFile), readFile(certFile)]);
});
afterAll(() => rm(dir, { recursive: true, force: true }));
beforeEach(async () => {
  server = createServer({ noDelay: true }, (socket) => {
    raw = socket;
    const above = (peer = new TLSSocket(socket, { isServer: true, key, cert }));
    let next = 0;
    for (const one of [socket, above]) one.on("error", () => undefined);
    above.on("data", () => above.write(ANSWERS[next++] ?? ""));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(async () => {
  await tail?.close();
  raw?.destroy();
  server.close();
});

async function follow(): Promise<{ tail: ReplicaTail; seen: () => string; lost: MeridianError[] }> {
  let text = "";
  const lost: MeridianError[] = [];
  tail = new ReplicaTail(
    { host: "127.0.0.1", port: (server.address() as AddressInfo).port, connectTimeoutMs: 5_000, tls: { ca: cert } },
    { onChunk: (chunk) => (text += chunk.toString("latin1")), onLost: (error) => lost.push(error) },
  );
  await tail.attach({ replicationId: ID, offset: 1000 });
  return { tail, seen: () => text, lost };
}

test.each(["a reset", "an end"])("what had arrived before %s is handed on, though we write meanwhile and nobody reads that", async (how) => {
  const { tail: one, seen, lost } = await follow();
  await waitFor(() => seen() === GETACK, { what: "what asks for an acknowledgement" });
  one.pause();
  await new Promise((resolve) => peer?.write(LAST, "latin1", resolve));
  const closed = once(raw as Socket, "close");
  if (how === "a reset") raw?.resetAndDestroy();
  else raw?.destroy();
  await closed;
  one.ack(one.receivedOffset);
  // That it cannot be written is told within this turn.
  await new Promise((resolve) => setImmediate(resolve));
  one.resume();
  await waitFor(() => lost.length > 0, { what: "the loss" });
  expect(seen().length).toBe(GETACK.length + LAST.length);
  expect(one.receivedOffset).toBe(1000 + GETACK.length + LAST.length);
  expect(lost[0]).toMatchObject({ code: "SERVER_UNAVAILABLE", retryable: true });
});
