import { writerId, type WriterId } from "@meridian/words";
import { startRedis, startTcpProxy, type TcpProxy, type TestRedis } from "@meridian/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { freshWriter, heads, logAcceptance, padded, take, texts } from "./acceptance.js";
import { openLog } from "./open-log.js";
import type { LogPosition, MutationLog } from "./port.js";
import { streamKey, type RedisLogOptions } from "./redis-options.js";

const HOUR_MS = 3_600_000;

logAcceptance("Redis Streams", async () => {
  const server = await startRedis();
  return {
    handle: () => openLog({ kind: "redis", url: server.url, retentionMs: HOUR_MS }),
    stop: () => server.stop(),
  };
});

describe("the log in Redis Streams", () => {
  let server: TestRedis;
  const logs: MutationLog[] = [];
  const proxies: TcpProxy[] = [];
  const open = (options: Partial<RedisLogOptions> = {}): MutationLog => {
    const log = openLog({ kind: "redis", url: server.url, retentionMs: HOUR_MS, ...options });
    logs.push(log);
    return log;
  };
  const proxied = async (): Promise<TcpProxy> => {
    const proxy = await startTcpProxy(server);
    proxies.push(proxy);
    return proxy;
  };
  const via = (proxy: TcpProxy): MutationLog => open({ url: `redis://${proxy.host}:${proxy.port}` });

  beforeAll(async () => {
    server = await startRedis();
  });
  afterEach(async () => {
    await Promise.all(logs.splice(0).map((log) => log.close()));
    for (const proxy of proxies.splice(0)) proxy.stop();
  });
  afterAll(() => server.stop());

  it("loses nothing and keeps the order when the answer to a stored batch is cut off, with appends queued", async () => {
    const writer = freshWriter();
    const proxy = await proxied();
    const log = via(proxy);
    await log.open([writer]);
    await log.append(writer, Buffer.from("r0"));
    // every second answer to a batch is swallowed and its connection reset, after the server has stored the batch
    let answers = 0;
    let lost = 0;
    proxy.intercept = (chunk, { direction }) => {
      if (direction === "up" || !chunk.includes("-")) return chunk;
      answers += 1;
      if (answers % 2 === 0 || lost >= 4) return chunk;
      lost += 1;
      return "reset";
    };
    // 40 records of 500 KB are six batches, all queued at once
    const records = padded(40, 500_000);
    await Promise.all(records.map((record) => log.append(writer, record)));
    expect(lost).toBe(4);
    proxy.intercept = undefined;
    const stored = await server.client().xlen(streamKey(writer));
    expect(stored).toBeGreaterThan(41);
    const read = heads(await take(log, writer, stored));
    expect([...new Set(read)]).toEqual(["r0", ...heads(records.map((bytes) => ({ bytes })))]);
    expect(log.health()).toMatchObject({ state: "up" });
  });

  it("waits out an unreachable server, on both sides, and says so meanwhile", async () => {
    const writer = freshWriter();
    const proxy = await proxied();
    const log = via(proxy);
    await log.append(writer, Buffer.from("before"));
    const reading = take(log, writer, 2);
    proxy.refuse();
    proxy.cutAll();
    const appended = log.append(writer, Buffer.from("after"));
    await expect.poll(() => log.health().state).toBe("down");
    expect(log.health().lastError).toContain("log server redis://127.0.0.1");
    await proxy.accept();
    await appended;
    expect(texts(await reading)).toEqual(["before", "after"]);
    await expect.poll(() => log.health().state).toBe("up");
  });

  it("gives up a connection on which no answer comes", async () => {
    const writer = freshWriter();
    const proxy = await proxied();
    const log = open({ url: `redis://${proxy.host}:${proxy.port}`, answerTimeoutMs: 300 });
    await log.append(writer, Buffer.from("before"));
    proxy.hold("down");
    const appended = log.append(writer, Buffer.from("after"));
    await expect.poll(() => log.health().lastError).toContain("no answer for 300 ms");
    proxy.release("down");
    await appended;
    expect([...new Set(texts(await take(log, writer, 2)))]).toEqual(["before", "after"]);
  });

  it("trims by retention, and tells a reader that was away too long", async () => {
    const writer = freshWriter();
    const log = open({ retentionMs: 50 });
    const record = Buffer.alloc(8192, "x");
    const positions: LogPosition[] = [];
    const client = server.client();
    const startedMs = performance.now();
    while (performance.now() - startedMs < 400) positions.push(await log.append(writer, record));
    expect(await client.xlen(streamKey(writer))).toBeLessThan(positions.length);
    await expect(take(log, writer, 1, positions[0])).rejects.toMatchObject({
      code: "RECORD_GAP",
      message: expect.stringContaining(writer) as string,
    });
    expect(await take(log, writer, 1)).not.toHaveLength(0);
    expect(await log.end(writer)).toBe(positions.at(-1));
  });

  it("trims by size, where a size is set", async () => {
    const writer = freshWriter();
    const log = open({ streamBytesMax: 100_000 });
    const record = Buffer.alloc(10_000, "x");
    for (let count = 0; count < 64; count += 1) await log.append(writer, record);
    const kept = await server.client().xlen(streamKey(writer));
    expect(kept).toBeGreaterThanOrEqual(10);
    expect(kept).toBeLessThanOrEqual(10 + 8);
  });

  it("refuses a key that is no stream, and a server that evicts", async () => {
    const [list, expiring] = [freshWriter(), freshWriter()];
    const client = server.client();
    await client.rpush(streamKey(list), "x");
    await expect(open().open([list])).rejects.toMatchObject(mismatch("RENAME"));
    await expect(open().append(list, Buffer.from("x"))).rejects.toMatchObject({ code: "TOPIC_MISMATCH", retryable: false });
    await expect(take(open(), list, 1)).rejects.toMatchObject({ code: "TOPIC_MISMATCH" });
    await open().append(expiring, Buffer.from("x"));
    await client.pexpire(streamKey(expiring), HOUR_MS);
    await expect(open().open([expiring])).rejects.toMatchObject(mismatch("PERSIST"));
    await client.config("SET", "maxmemory", "1gb");
    await client.config("SET", "maxmemory-policy", "allkeys-lru");
    await expect(open().open([freshWriter()])).rejects.toMatchObject({
      code: "TOPIC_MISMATCH",
      message: expect.stringContaining("maxmemory-policy is allkeys-lru") as string,
    });
    await client.config("SET", "maxmemory", "0");
    await expect(open().open([freshWriter()])).resolves.toBeUndefined();
  });

  it("keeps each region's stream on its region's server, with its own user", async () => {
    const other = await startRedis();
    try {
      const rights = "~meridian:log:* +@stream +@transaction +@connection +type +pttl +info";
      await other.client().call("ACL", "SETUSER", "log", "on", ">secret", ...rights.split(" "));
      const eu = writerId("eu", "0");
      const us = writerId("us", "0");
      const log = open({ regions: { us: `redis://log:secret@127.0.0.1:${other.port}` } });
      await log.open([eu, us]);
      await Promise.all([log.append(eu, Buffer.from("e")), log.append(us, Buffer.from("u"))]);
      expect(await countOn(server, eu)).toBe(1);
      expect(await countOn(other, us)).toBe(1);
      expect(await countOn(other, eu)).toBe(0);
      expect(texts(await take(log, us, 1))).toEqual(["u"]);
      const wrong = open({ regions: { us: `redis://log:wrong@127.0.0.1:${other.port}` } });
      const message = expect.not.stringContaining("wrong@") as string;
      await expect(wrong.open([us])).rejects.toMatchObject({ code: "LOG_UNAVAILABLE", message });
      await other.client().config("SET", "requirepass", "secret");
      for (const [url, reason] of [[`redis://127.0.0.1:${other.port}`, "NOAUTH"], [`redis://:wrong@127.0.0.1:${other.port}`, "WRONGPASS"]]) {
        const refused = { message: expect.stringContaining(reason ?? "") as string, advice: expect.stringContaining("password") as string };
        await expect(open({ regions: { us: url ?? "" } }).open([us])).rejects.toMatchObject(refused);
      }
    } finally {
      await other.stop();
    }
  });
});

function mismatch(advice: string): object {
  return { code: "TOPIC_MISMATCH", advice: expect.stringContaining(advice) as string };
}

function countOn(server: TestRedis, writer: WriterId): Promise<number> {
  return server.client().xlen(streamKey(writer));
}
