import { startRedis, startTcpProxy, waitFor, type Cut, type TestRedis } from "@meridian/testkit";
import type { MeridianError } from "@meridian/words";
import type { Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { ReplicaTail } from "./replica-tail.js";
import type { Attached, StreamPosition } from "./stream-position.js";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function server(...args: string[]): Promise<TestRedis> {
  const started = await startRedis({ args: ["--repl-backlog-size", "64mb", ...args] });
  stops.push(() => started.stop());
  return started;
}

/** An owner: keeps every stream byte since the first attach, over as many connections as it takes. */
class Owner {
  readonly chunks: Buffer[] = [];
  start: number | undefined;
  position: StreamPosition | undefined;
  attached: Attached | undefined;
  lost: MeridianError | undefined;
  #tail: ReplicaTail | undefined;

  constructor() {
    stops.push(() => this.#tail?.close());
  }

  async attach(port: number): Promise<Attached> {
    this.lost = undefined;
    const tail = new ReplicaTail(
      { host: "127.0.0.1", port, connectTimeoutMs: 10_000, ackIntervalMs: 20 },
      {
        onChunk: (chunk) => {
          this.chunks.push(Buffer.from(chunk));
          this.position = { replicationId: this.position!.replicationId, offset: tail.receivedOffset };
          tail.ack(tail.receivedOffset);
        },
        onLost: (error) => (this.lost = error),
      },
    );
    this.#tail = tail;
    const attached = await tail.attach(this.position);
    this.attached = attached;
    if (!attached.resumed) {
      this.start = attached.offset;
      this.chunks.length = 0;
    }
    this.position = { replicationId: attached.replicationId, offset: attached.offset };
    return attached;
  }

  async close(): Promise<void> {
    await this.#tail?.close();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

async function offsetOf(client: Redis): Promise<number> {
  return Number(/master_repl_offset:(\d+)/.exec(await client.info("replication"))![1]);
}

const caughtUp = (owner: Owner, offset: number): Promise<true> =>
  waitFor(() => owner.position!.offset === offset, { what: () => `offset ${offset}, at ${owner.position!.offset}` });

/** Attaches through a connection that will be cut, writes until it is, and says whether the attach came through. */
async function liveThrough(owner: Owner, port: number, write: () => Promise<unknown>): Promise<boolean> {
  try {
    await owner.attach(port);
  } catch (error) {
    expect(error).toMatchObject({ code: "SERVER_UNAVAILABLE", retryable: true });
    return false;
  }
  while (owner.lost === undefined) await write();
  expect(owner.lost).toMatchObject({ code: "SERVER_UNAVAILABLE", retryable: true });
  return true;
}

describe("resume", () => {
  it("gives the very stream of an uncut tail, whatever byte of handshake or stream each connection is cut at", async () => {
    const redis = await server();
    const client = redis.client();
    const proxy = await startTcpProxy(redis);
    stops.push(() => proxy.stop());
    const uncut = new Owner();
    await uncut.attach(redis.port);
    const owner = new Owner();
    await owner.attach(proxy.port);
    proxy.cutAll();
    await waitFor(() => owner.lost, { what: "the first cut" });

    const cuts: Cut[] = [];
    const how = (n: number): "reset" | "end" => (n % 2 === 0 ? "reset" : "end");
    for (let n = 0; n <= 130; n++) cuts.push({ direction: "down", afterBytes: n, how: how(n) });
    for (let n = 0; n <= 300; n += 7) cuts.push({ direction: "up", afterBytes: n, how: how(n) });
    for (let n = 1; n <= 20; n++) cuts.push({ direction: "down", afterBytes: n * 4999, how: how(n) });
    let writes = 0;
    const write = (): Promise<unknown> => client.set(`k${writes++}`, "v".repeat((writes * 37) % 900));
    const outcomes = new Set<boolean>();
    for (const cut of cuts) {
      proxy.cutNext(cut);
      await write();
      outcomes.add(await liveThrough(owner, proxy.port, write));
      expect(owner.attached!.resumed || owner.attached!.offset === owner.start).toBe(true);
    }
    expect(outcomes).toEqual(new Set([true, false]));

    expect(await owner.attach(proxy.port)).toMatchObject({ resumed: true });
    await write();
    const end = await offsetOf(client);
    await Promise.all([caughtUp(owner, end), caughtUp(uncut, end)]);
    expect(owner.bytes.length).toBe(end - owner.start!);
    expect(owner.bytes.equals(uncut.bytes.subarray(owner.start! - uncut.start!))).toBe(true);
    expect(await client.info("stats")).toMatch(/sync_full:2\r/); // the two first attaches, and no other
  });

  it("survives cuts within the first attach, the payload included", async () => {
    const redis = await server();
    const proxy = await startTcpProxy(redis);
    stops.push(() => proxy.stop());
    const client = redis.client();
    await client.set("k", "v".repeat(200));
    for (let n = 0; n <= 360; n += 24) {
      const owner = new Owner();
      proxy.cutNext({ direction: "down", afterBytes: n });
      await liveThrough(owner, proxy.port, () => client.incr("n"));
    }
    const owner = new Owner();
    await owner.attach(proxy.port);
    await client.incr("n");
    await caughtUp(owner, await offsetOf(client));
  });

  it("says FULLRESYNC when the backlog has moved on, and CONTINUE when it has not", async () => {
    const redis = await server("--repl-backlog-size", "16384");
    const client = redis.client();
    const owner = new Owner();
    const first = await owner.attach(redis.port);
    await owner.close();
    await client.set("k", "v".repeat(1000));
    expect(await owner.attach(redis.port)).toEqual({ ...first, resumed: true });
    await caughtUp(owner, await offsetOf(client));
    await owner.close();
    for (let i = 0; i < 100; i++) await client.set("k", "v".repeat(10_000));
    const again = await owner.attach(redis.port);
    expect(again).toEqual({ replicationId: first.replicationId, offset: await offsetOf(client), resumed: false });
  });

  it("says FULLRESYNC for a foreign id and for an offset that was never reached", async () => {
    const redis = await server();
    const owner = new Owner();
    const { replicationId, offset } = await owner.attach(redis.port);
    await owner.close();
    for (const from of [
      { replicationId: "f".repeat(40), offset },
      { replicationId, offset: offset + 1000 },
    ]) {
      const stranger = new Owner();
      stranger.position = from;
      expect(await stranger.attach(redis.port)).toMatchObject({ resumed: false, replicationId });
      await stranger.close();
    }
  });

  it("goes on under the new id after a restart from the RDB, and not after a kill", async () => {
    const redis = await server();
    const client = redis.client();
    const owner = new Owner();
    const before = await owner.attach(redis.port);
    await client.set("k", "v");
    await caughtUp(owner, await offsetOf(client));
    await redis.restart({ save: true });
    const position = owner.position!;
    const after = await owner.attach(redis.port);
    expect(after).toMatchObject({ resumed: true, previousReplicationId: before.replicationId, offset: position.offset });
    expect(after.replicationId).not.toBe(before.replicationId);
    await client.set("k", "w");
    await caughtUp(owner, await offsetOf(client));
    await redis.restart({ kill: true });
    const lineage = await owner.attach(redis.port);
    expect(lineage.resumed).toBe(false);
    expect(lineage.previousReplicationId).toBeUndefined();
  });

  it("says FULLRESYNC after two restarts from the RDB: a server keeps one earlier id", async () => {
    const redis = await server();
    const owner = new Owner();
    await owner.attach(redis.port);
    await redis.restart({ save: true });
    await redis.restart({ save: true });
    expect((await owner.attach(redis.port)).resumed).toBe(false);
  });

  it("follows a promoted replica under its new id", async () => {
    const primary = await server();
    const replica = await server("--replicaof", "127.0.0.1", String(primary.port));
    const client = primary.client();
    await waitFor(async () => (await replica.client().info("replication")).includes("master_link_status:up"), { what: "the link" });
    const owner = new Owner();
    const before = await owner.attach(primary.port);
    await client.set("k", "v");
    await caughtUp(owner, await offsetOf(client));
    expect(await client.wait(2, 5_000)).toBe(2);
    const position = owner.position!;
    await primary.kill();
    const promoted = replica.client();
    await promoted.replicaof("NO", "ONE");
    const after = await owner.attach(replica.port);
    expect(after).toMatchObject({ resumed: true, previousReplicationId: before.replicationId });
    expect(after.offset).toBe(position.offset);
    await promoted.set("k", "w");
    await caughtUp(owner, await offsetOf(promoted));
    expect(owner.bytes.toString("latin1").endsWith("$1\r\nk\r\n$1\r\nw\r\n")).toBe(true);
  });
});
