import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.js";
import { waitFor } from "./wait-for.js";

/** A server that answers every byte with its echo, and remembers what it got. */
let server: Server;
let received: Buffer;
let proxy: TcpProxy;
const sockets = new Set<Socket>();

beforeEach(async () => {
  received = Buffer.alloc(0);
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      socket.write(chunk);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  proxy = await startTcpProxy({ host: "127.0.0.1", port: (server.address() as AddressInfo).port });
});
afterEach(() => {
  proxy.stop();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  server.close();
});

interface Client {
  readonly socket: Socket;
  got: Buffer;
  ended: string | undefined;
}

function open(): Client {
  const client: Client = { socket: connect(proxy.port, proxy.host), got: Buffer.alloc(0), ended: undefined };
  sockets.add(client.socket);
  client.socket.on("data", (chunk) => (client.got = Buffer.concat([client.got, chunk])));
  client.socket.on("error", (error: NodeJS.ErrnoException) => (client.ended = error.code));
  client.socket.on("end", () => (client.ended ??= "end"));
  return client;
}

const payload = Buffer.from(Array.from({ length: 3000 }, (_, index) => index % 251));
const until = (condition: () => boolean, what: string): Promise<true> => waitFor(condition, { what });

it("forwards both ways and forgets closed connections", async () => {
  const client = open();
  client.socket.write(payload);
  await until(() => client.got.equals(payload), "the echo");
  expect(proxy.open).toBe(1);
  client.socket.end();
  await until(() => proxy.open === 0, "the end");
});

it.each([0, 1, 2, 1499, 2999])("lets exactly %i bytes up before it ends the connection", async (bytes) => {
  proxy.cutNext({ direction: "up", afterBytes: bytes, how: "end" });
  const client = open();
  client.socket.write(payload);
  await until(() => client.ended !== undefined, "the cut");
  await until(() => received.length >= bytes, "what was let through");
  expect(received).toEqual(payload.subarray(0, bytes));
  const next = open();
  next.socket.write("again");
  await until(() => next.got.toString() === "again", "an uncut second connection");
});

it.each([0, 1, 1777])("lets exactly %i bytes down before it resets the connection", async (bytes) => {
  proxy.cutNext({ direction: "down", afterBytes: bytes });
  const client = open();
  client.socket.write(payload);
  await until(() => client.ended !== undefined, "the cut");
  // libuv reports a reset right behind unread bytes as an end
  expect(["ECONNRESET", "end"]).toContain(client.ended);
  expect(client.got.length).toBeLessThanOrEqual(bytes);
  expect(payload.subarray(0, client.got.length)).toEqual(client.got);
});

it("refuses, and accepts again on the same port", async () => {
  const port = proxy.port;
  proxy.refuse();
  const refused = open();
  await until(() => refused.ended === "ECONNREFUSED", "a refusal");
  await proxy.accept();
  expect(proxy.port).toBe(port);
  const client = open();
  client.socket.write("x");
  await until(() => client.got.length === 1, "the echo");
});

it("holds one direction, keeps the other, and loses nothing", async () => {
  const client = open();
  proxy.hold("down");
  client.socket.write(payload);
  await until(() => received.equals(payload), "the way up");
  expect(client.got.length).toBe(0);
  proxy.release("down");
  await until(() => client.got.equals(payload), "the way down");
});

it("delays in order, drops and rewrites by decision, and resets by decision", async () => {
  proxy.delayMs.down = 30;
  const client = open();
  const startedMs = performance.now();
  client.socket.write("ab");
  await until(() => client.got.toString() === "ab", "the echo");
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(29);
  proxy.delayMs.down = 0;
  const lost: string[] = [];
  proxy.intercept = (chunk, { direction, connection, offset }) => {
    if (direction === "up") return chunk;
    expect(connection).toBe(0);
    lost.push(`${offset}:${chunk.toString()}`);
    return lost.length === 1 ? Buffer.alloc(0) : lost.length === 2 ? Buffer.from("REWRITTEN") : "reset";
  };
  client.socket.write("lost");
  await until(() => lost.length === 1, "the lost answer");
  client.socket.write("x");
  await until(() => client.got.toString() === "abREWRITTEN", "the rewritten answer");
  client.socket.write("y");
  await until(() => client.ended === "ECONNRESET", "the reset");
  expect(lost).toEqual(["2:lost", "6:x", "7:y"]);
});
