import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { waitFor } from "@meridian/testkit";
import { MeridianError } from "@meridian/words";
import { afterEach, describe, expect, it } from "vitest";
import { ReplicaTail } from "./replica-tail.js";
import type { TailOptions } from "./tail-options.js";

const ID = "c".repeat(40);
const MARKER = "0123456789abcdef0123456789abcdef01234567";
const STREAM = "*1\r\n$4\r\nPING\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n";
const GETACK = "*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n";

/** A server that follows a script: it answers requests in turn, in pieces of a given size, and remembers them. */
interface Script {
  readonly answers: readonly string[];
  readonly pieceBytes?: number;
}
let server: Server | undefined;
let requests = "";
let peer: Socket | undefined;
const tails: ReplicaTail[] = [];

async function serve({ answers, pieceBytes = Infinity }: Script): Promise<number> {
  requests = "";
  server = createServer({ noDelay: true }, (socket) => {
    peer = socket;
    let next = 0;
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      requests += chunk.toString("latin1");
      sendInPieces(socket, answers[next++] ?? "", pieceBytes);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

function sendInPieces(socket: Socket, answer: string, pieceBytes: number): void {
  socket.write(answer.slice(0, pieceBytes), "latin1");
  const rest = answer.slice(pieceBytes);
  if (rest !== "") setImmediate(() => sendInPieces(socket, rest, pieceBytes));
}

interface Recorded {
  readonly tail: ReplicaTail;
  text: string;
  lost: MeridianError[];
}
function record(port: number, options: Partial<TailOptions> = {}): Recorded {
  const recorded: Recorded = {
    text: "",
    lost: [],
    tail: new ReplicaTail(
      { host: "127.0.0.1", port, connectTimeoutMs: 5_000, ...options },
      {
        onChunk: (chunk) => (recorded.text += chunk.toString("latin1")),
        onLost: (error) => recorded.lost.push(error),
      },
    ),
  };
  tails.push(recorded.tail);
  return recorded;
}

afterEach(async () => {
  await Promise.all(tails.splice(0).map((tail) => tail.close()));
  peer?.destroy();
  server?.close();
});

const WORDS = ["+PONG\r\n", "+OK\r\n", "+OK\r\n", "+OK\r\n"];
const from = { replicationId: ID, offset: 1000 };

describe("ReplicaTail against a scripted server", () => {
  it("hands on all that a server had sent when it broke off, though it can no longer be written to", async () => {
    const port = await serve({ answers: [...WORDS, `+CONTINUE\r\n${GETACK}`] });
    const recorded = record(port);
    await recorded.tail.attach(from);
    await waitFor(() => recorded.text === GETACK, { what: "what asks for an acknowledgement" });
    recorded.tail.pause();
    await new Promise((resolve) => peer?.write(STREAM, "latin1", resolve));
    const closed = once(peer as Socket, "close");
    peer?.resetAndDestroy();
    await closed;
    recorded.tail.ack(recorded.tail.receivedOffset);
    // That it cannot be written is told within this turn.
    await new Promise((resolve) => setImmediate(resolve));
    recorded.tail.resume();
    await waitFor(() => recorded.lost.length > 0, { what: "the loss" });
    expect(recorded.text).toBe(GETACK + STREAM);
    expect(recorded.lost.map(({ code }) => code)).toEqual(["SERVER_UNAVAILABLE"]);
  });

  it.each([Infinity, 1, 2, 3, 7])("loses nothing that follows CONTINUE in the same chunk (pieces of %d)", async (pieceBytes) => {
    const port = await serve({ answers: [...WORDS, `\n\n+CONTINUE\r\n${STREAM}`], pieceBytes });
    const recorded = record(port);
    expect(await recorded.tail.attach(from)).toEqual({ ...from, resumed: true });
    await waitFor(() => recorded.text.length === STREAM.length, { what: "the stream" });
    expect(recorded.text).toBe(STREAM);
    expect(recorded.tail.receivedOffset).toBe(1000 + STREAM.length);
    await waitFor(() => requests.includes("$3\r\nACK\r\n$4\r\n1000\r\n"), { what: "the first acknowledgement" });
  });

  it.each([
    ["marked", `$EOF:${MARKER}\r\nREDIS0010 some bytes${MARKER.slice(0, 30)}${MARKER}`],
    ["counted", "$13\r\nREDIS0010\r\n\r\n"],
  ])("loses nothing that follows a %s payload in the same chunk, nor after keep-alives", async (_, payload) => {
    for (const pieceBytes of [Infinity, 1, 11]) {
      const answer = `\n+FULLRESYNC ${ID} 77\r\n\n\n\n${payload}${STREAM}`;
      const recorded = record(await serve({ answers: [...WORDS, answer], pieceBytes }));
      expect(await recorded.tail.attach()).toEqual({ replicationId: ID, offset: 77, resumed: false });
      await waitFor(() => recorded.text === STREAM, { what: () => `the stream, but ${JSON.stringify(recorded.text)}` });
      await waitFor(() => requests.includes("$3\r\nACK\r\n$2\r\n77\r\n"), { what: "the first acknowledgement" });
    }
  });

  it("hands nothing on before the owner is ready, even what came with the reply", async () => {
    const recorded = record(await serve({ answers: [...WORDS, `+CONTINUE\r\n${STREAM}`] }));
    await recorded.tail.attach(from);
    recorded.tail.pause();
    expect(recorded.tail.heldBytes).toBe(STREAM.length);
    peer!.write("more");
    await waitFor(() => recorded.tail.heldBytes === STREAM.length + 4, { what: "more bytes" });
    expect(recorded.text).toBe("");
    recorded.tail.resume();
    await waitFor(() => recorded.text === `${STREAM}more`, { what: "all of it" });
  });

  it("acknowledges at once what a request at the end of a chunk asks for", async () => {
    const recorded = record(await serve({ answers: [...WORDS, "+CONTINUE\r\n"] }), { ackIntervalMs: 100_000 });
    await recorded.tail.attach(from);
    peer!.write(STREAM + GETACK);
    await waitFor(() => recorded.text.endsWith(GETACK), { what: "the request" });
    const durable = 1000 + STREAM.length;
    recorded.tail.ack(durable);
    await waitFor(() => requests.endsWith(`ACK\r\n$4\r\n${durable}\r\n`), { what: "the acknowledgement" });
    expect(() => recorded.tail.ack(durable + 1000)).toThrow(/beyond what was received/);
  });

  it("gives up on a server that says nothing, at each stage", async () => {
    const stages: [readonly string[], RegExp][] = [
      [[], /answering PING: it said nothing for 50 ms/],
      [WORDS.slice(0, 2), /answering REPLCONF capa/],
      [[...WORDS, `+FULLRESYNC ${ID} 1\r\n$1000\r\nabc`], /sending its payload \(3 bytes so far\)/],
    ];
    for (const [answers, message] of stages) {
      const { tail, lost } = record(await serve({ answers }), { connectTimeoutMs: 50 });
      const error = await tail.attach().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: "SERVER_UNAVAILABLE", retryable: true });
      expect((error as Error).message).toMatch(message);
      expect(lost).toEqual([]);
    }
  });

  it("keeps waiting while keep-alives come", async () => {
    const port = await serve({ answers: [...WORDS, ""] });
    const attached = record(port, { connectTimeoutMs: 150 }).tail.attach(from);
    await waitFor(() => requests.includes("PSYNC"), { what: "PSYNC" });
    for (let i = 0; i < 6; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50)); // together twice the limit
      peer!.write("\n");
    }
    peer!.write("+CONTINUE\r\n");
    expect(await attached).toMatchObject({ resumed: true });
  });

  it("loses a silent stream, but not while it is paused", async () => {
    const port = await serve({ answers: [...WORDS, "+CONTINUE\r\n"] });
    const { tail, lost } = record(port, { streamTimeoutMs: 40 });
    await tail.attach(from);
    tail.pause();
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(lost).toEqual([]);
    tail.resume();
    await waitFor(() => lost.length === 1, { what: "the loss" });
    expect(lost[0]).toMatchObject({ code: "SERVER_UNAVAILABLE", retryable: true });
  });

  it("tells of an end exactly once, and of none after close()", async () => {
    const first = record(await serve({ answers: [...WORDS, "+CONTINUE\r\n"] }));
    await first.tail.attach(from);
    peer!.resetAndDestroy();
    await waitFor(() => first.lost.length > 0, { what: "the loss" });
    const second = record(await serve({ answers: [...WORDS, "+CONTINUE\r\n"] }));
    await second.tail.attach(from);
    await second.tail.close();
    peer!.destroy();
    const third = record(await serve({ answers: [] }));
    const rejected = expect(third.tail.attach()).rejects.toThrow(/the tail was closed/);
    await waitFor(() => requests.includes("PING"), { what: "PING" });
    await third.tail.close();
    await rejected;
    expect([first.lost.length, second.lost.length, third.lost.length]).toEqual([1, 0, 0]);
  });

  it("ends with the owner's own error when the owner cannot go on", async () => {
    const port = await serve({ answers: [...WORDS, "+CONTINUE\r\nnot RESP"] });
    const error = new MeridianError("STREAM_PROTOCOL", "not RESP", { advice: "none" });
    const lost: MeridianError[] = [];
    const onChunk = (): void => {
      throw error;
    };
    const tail = new ReplicaTail({ host: "127.0.0.1", port, connectTimeoutMs: 1000 }, { onChunk, onLost: (e) => lost.push(e) });
    await tail.attach(from);
    await waitFor(() => lost.length === 1, { what: "the loss" });
    expect(lost[0]).toBe(error);
  });

  it.each([
    ["another protocol", ["HTTP/1.1 400 Bad Request\r\n"], "STREAM_PROTOCOL"],
    ["an endless line", ["x".repeat(5000)], "STREAM_PROTOCOL"],
    ["a replica without its primary", [...WORDS, "-NOMASTERLINK Can't SYNC while not connected with my master\r\n"], "SERVER_UNAVAILABLE"],
    ["a failed fork", [...WORDS, `+FULLRESYNC ${ID} 1\r\n-BGSAVE failed, replication can't continue\r\n`], "SERVER_UNAVAILABLE"],
  ])("rejects the attach on %s", async (_, answers, code) => {
    await expect(record(await serve({ answers })).tail.attach()).rejects.toMatchObject({ code });
  });

  it("says that the port is closed", async () => {
    const port = await serve({ answers: [] });
    server!.close();
    await once(server!, "close");
    await expect(record(port).tail.attach()).rejects.toMatchObject({
      code: "SERVER_UNAVAILABLE",
      retryable: true,
      message: expect.stringMatching(/lost while connecting: .*ECONNREFUSED/) as string,
      advice: expect.stringContaining("listens") as string,
    });
  });
});
