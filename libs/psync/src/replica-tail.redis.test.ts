import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { CommandParser } from "@meridian/resp";
import { freePort, startRedis, startTcpProxy, waitFor, type TestRedis } from "@meridian/testkit";
import type { MeridianError } from "@meridian/words";
import { afterEach, describe, expect, it } from "vitest";
import { PAUSED_BYTES_MAX, ReplicaTail } from "./replica-tail.js";
import type { TailOptions } from "./tail-options.js";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function server(...args: string[]): Promise<TestRedis> {
  const started = await startRedis({ args });
  stops.push(() => started.stop());
  return started;
}

interface Recorded {
  readonly tail: ReplicaTail;
  /** Every command seen, as words. */
  readonly commands: string[];
  readonly lost: MeridianError[];
  readonly notes: { payloadBytes?: number; framing?: string }[];
  bytes: number;
  /** Acknowledges what it receives, as an owner for whom it is durable at once. */
  acks: boolean;
}

function record(port: number, options: Partial<TailOptions> = {}): Recorded {
  const parser = new CommandParser(({ buffer, argc, starts, ends }) => {
    const words = Array.from({ length: argc }, (_, i) => buffer.toString("latin1", starts[i], ends[i]));
    recorded.commands.push(words.join(" ").slice(0, 60));
  }, 0);
  const note = (fields: object): void => void recorded.notes.push(fields);
  const recorded: Recorded = {
    commands: [],
    lost: [],
    notes: [],
    bytes: 0,
    acks: true,
    tail: new ReplicaTail(
      { host: "127.0.0.1", port, connectTimeoutMs: 10_000, logger: { debug: note, info: note, warn: note }, ...options },
      {
        onChunk: (chunk) => {
          recorded.bytes += chunk.length;
          parser.push(chunk);
          if (recorded.acks) recorded.tail.ack(recorded.tail.receivedOffset);
        },
        onLost: (error) => recorded.lost.push(error),
      },
    ),
  };
  stops.push(() => recorded.tail.close());
  return recorded;
}

const sees = (recorded: Recorded, command: string): Promise<true> =>
  waitFor(() => recorded.commands.includes(command), { what: () => `${command} among ${recorded.commands.join("; ")}` });

describe("attach", () => {
  it("gets every write from the attach on, with exact offsets, and counts as a replica that has no port", async () => {
    const redis = await server();
    const client = redis.client();
    await client.set("before", "1");
    const recorded = record(redis.port);
    const attached = await recorded.tail.attach();
    expect(attached.resumed).toBe(false);
    await client.set("after", "2");
    await client.multi().set("a", "1").incr("n").exec();
    await sees(recorded, "EXEC");
    expect(recorded.commands).toEqual(["SELECT 0", "set after 2", "MULTI", "set a 1", "incr n", "EXEC"]);
    const info = await client.info("replication");
    expect(info).toContain(`master_replid:${attached.replicationId}`);
    expect(info).toContain(`master_repl_offset:${recorded.tail.receivedOffset}`);
    await waitFor(async () => (await client.info("replication")).includes(`offset=${recorded.tail.receivedOffset},lag=`), {
      what: "the acknowledged offset",
    });
    expect(info).toMatch(/slave0:ip=127.0.0.1,port=0,state=online/);
  });

  it("gets the stream going though the server overlooks an acknowledgement that comes at once", async () => {
    const redis = await server();
    const client = redis.client();
    for (let round = 0; round < 5; round++) {
      const recorded = record(redis.port, { ackIntervalMs: 600_000 });
      await recorded.tail.attach();
      await client.set("round", round);
      await sees(recorded, `set round ${round}`);
      await recorded.tail.close();
    }
  });

  it("does not read the keys that are there: 100,000 keys cost a payload of some hundred bytes", async () => {
    const redis = await server();
    const client = redis.client();
    await client.eval("for i = 1, 100000 do redis.call('set', 'key:' .. i, string.rep('v', 20)) end", 0);
    const recorded = record(redis.port);
    await recorded.tail.attach();
    expect(recorded.notes[0]).toMatchObject({ framing: "marker" });
    expect(recorded.notes[0]!.payloadBytes).toBeLessThan(1000);
    await client.set("after", "2");
    await sees(recorded, "set after 2");
  });

  it("skips the whole payload where the filter is refused: a proxy spoils the option's name, the server's answer is genuine", async () => {
    const redis = await server();
    const client = redis.client();
    await client.eval("for i = 1, 100000 do redis.call('set', 'key:' .. i, string.rep('v', 20)) end", 0);
    const proxy = await startTcpProxy(redis);
    stops.push(() => proxy.stop());
    let answer = "";
    proxy.intercept = (chunk, { direction }) => {
      if (direction === "up") return Buffer.from(chunk.toString("latin1").replace("rdb-filter-only", "rdb-filter-none"), "latin1");
      if (chunk[0] === 45) answer = chunk.toString("latin1");
      return chunk;
    };
    const recorded = record(proxy.port);
    const attached = await recorded.tail.attach();
    expect(answer).toMatch(/^-ERR Unrecognized REPLCONF option: rdb-filter-none/);
    const note = recorded.notes.at(-1)!;
    expect(note.framing).toBe("marker");
    expect(note.payloadBytes).toBeGreaterThan(1_000_000);
    await client.set("after", "2");
    await sees(recorded, "set after 2");
    expect(recorded.tail.receivedOffset).toBe(attached.offset + recorded.bytes);
  });

  // with the filter the server always uses a socket child, so only a server without it sends from disk
  it.each([
    { kind: "without keys", args: [], spoilFilter: false, framing: "marker" },
    { kind: "with keys, by a socket", args: [], spoilFilter: true, framing: "marker" },
    { kind: "with keys, from disk", args: ["--repl-diskless-sync", "no"], spoilFilter: true, framing: "length" },
  ])("misses no write that is made while the payload comes: $kind", async ({ args, spoilFilter, framing }) => {
    const redis = await server(...args);
    const client = redis.client();
    const proxy = await startTcpProxy(redis);
    stops.push(() => proxy.stop());
    const spoil = (chunk: Buffer): Buffer => Buffer.from(chunk.toString("latin1").replace("rdb-filter-only", "rdb-filter-none"), "latin1");
    if (spoilFilter) proxy.intercept = (chunk, { direction }) => (direction === "up" ? spoil(chunk) : chunk);
    await client.eval("for i = 1, 100000 do redis.call('set', 'key:' .. i, string.rep('v', 20)) end", 0);
    const recorded = record(proxy.port);
    let attached = false;
    const attaching = recorded.tail.attach().then((at) => ((attached = true), at));
    let written = 0;
    while (!attached) await client.set("meanwhile", ++written);
    const { offset } = await attaching;
    await client.set("after", "2");
    await sees(recorded, "set after 2");
    expect(recorded.notes.at(-1)!.framing).toBe(framing);
    const seen = recorded.commands.filter((command) => command.startsWith("set meanwhile ")).map((c) => Number(c.split(" ")[2]));
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => written - seen.length + 1 + i));
    expect(recorded.tail.receivedOffset).toBe(offset + recorded.bytes);
    expect(await client.info("replication")).toContain(`master_repl_offset:${recorded.tail.receivedOffset}`);
  });

  it("waits for a server that delays diskless payloads, with a patience shorter than the delay", async () => {
    const redis = await server("--repl-diskless-sync-delay", "3");
    const recorded = record(redis.port, { connectTimeoutMs: 2_000 });
    expect((await recorded.tail.attach()).resumed).toBe(false);
  });

  it("speaks TLS with the options given", async () => {
    const dir = await mkdtemp(join(tmpdir(), "meridian-tls-"));
    stops.push(() => rm(dir, { recursive: true, force: true }));
    const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
    const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
    await promisify(execFile)("openssl", [...request, ...subject, "-keyout", key, "-out", cert]);
    const tlsPort = await freePort();
    const files = ["--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert];
    const redis = await server("--tls-port", String(tlsPort), "--tls-auth-clients", "no", ...files);
    await expect(record(tlsPort, { tls: {} }).tail.attach()).rejects.toMatchObject({
      code: "SERVER_UNAVAILABLE",
      advice: expect.stringContaining("TLS") as string,
    });
    const recorded = record(tlsPort, { tls: { ca: await readFile(cert) } });
    await recorded.tail.attach();
    await redis.client().set("k", "x".repeat(1_000_000));
    await sees(recorded, `set k ${"x".repeat(54)}`);
  });
});

describe("rights", () => {
  const user = { username: "tail", password: "secret" };

  it("needs +psync and +replconf, no key, no channel, and nothing else", async () => {
    const redis = await server("--user", "default", "on", ">admin", "~*", "&*", "+@all");
    const client = redis.client({ password: "admin" });
    const rights = (...rules: string[]): Promise<unknown> =>
      client.call("ACL", "SETUSER", "tail", "reset", "on", ">secret", "resetkeys", "resetchannels", "-@all", ...rules);
    await rights("+psync", "+replconf");
    const recorded = record(redis.port, user);
    await recorded.tail.attach();
    await client.set("k", "v");
    await sees(recorded, "set k v");
    expect(await client.wait(1, 5_000)).toBe(1); // so its acknowledgements are allowed too
    for (const less of ["+psync", "+replconf"]) {
      await rights(less, "+ping");
      await expect(record(redis.port, user).tail.attach()).rejects.toMatchObject({
        code: "SERVER_REFUSED",
        retryable: false,
        advice: expect.stringContaining("+psync +replconf") as string,
      });
    }
  });

  it("says what is wrong with credentials", async () => {
    const attach = (redis: TestRedis, password?: string): Promise<unknown> => record(redis.port, { password }).tail.attach();
    const containing = (text: string): string => expect.stringContaining(text) as string;
    const redis = await server("--requirepass", "p");
    await expect(attach(redis)).rejects.toMatchObject({ code: "SERVER_REFUSED", message: containing("NOAUTH") });
    await expect(attach(redis, "wrong")).rejects.toMatchObject({ code: "SERVER_REFUSED", message: containing("WRONGPASS") });
    expect(await attach(redis, "p")).toMatchObject({ resumed: false });
    const open = await server();
    await expect(attach(open, "p")).rejects.toMatchObject({ code: "SERVER_REFUSED", advice: containing("has no password") });
  });

  it("says that a server hides PSYNC, loads, or has lost its primary", async () => {
    const hidden = await server("--rename-command", "PSYNC", "");
    await expect(record(hidden.port).tail.attach()).rejects.toMatchObject({ code: "SERVER_UNSUPPORTED", retryable: false });
    const orphan = await server("--replicaof", "127.0.0.1", String(await freePort()), "--replica-serve-stale-data", "no");
    await expect(record(orphan.port).tail.attach()).rejects.toMatchObject({ code: "SERVER_UNAVAILABLE", retryable: true });
    const stale = await server("--replicaof", "127.0.0.1", String(await freePort()));
    const error = (await record(stale.port).tail.attach().catch((reason: unknown) => reason)) as MeridianError;
    expect(error).toMatchObject({ code: "SERVER_UNAVAILABLE", retryable: true });
    expect(error.message).toContain("NOMASTERLINK");
    const slowly = ["--key-load-delay", "50000", "--loading-process-events-interval-bytes", "1024", "--rdbcompression", "no"];
    const loading = await server(...slowly);
    const client = loading.client({ enableReadyCheck: false });
    for (let i = 0; i < 20; i++) await client.set(`k${i}`, "v".repeat(2000));
    const restarting = loading.restart({ save: true });
    await waitFor(async () => /LOADING/.test(String(await client.ping().catch((reason: unknown) => reason))), { what: "LOADING" });
    await expect(record(loading.port).tail.attach()).rejects.toMatchObject({
      code: "SERVER_UNAVAILABLE",
      retryable: true,
      message: expect.stringContaining("LOADING") as string,
    });
    await restarting;
  });
});

describe("acknowledgements", () => {
  it("hold WAIT until ack(), and release it within milliseconds", async () => {
    const redis = await server();
    const client = redis.client();
    const recorded = record(redis.port, { ackIntervalMs: 100 });
    recorded.acks = false;
    await recorded.tail.attach();
    await client.set("k", "v");
    await sees(recorded, "set k v");
    // several intervals, in which only the attach offset is repeated
    expect(await client.wait(1, 350)).toBe(0);
    const waiting = client.wait(1, 10_000);
    await sees(recorded, "REPLCONF GETACK *");
    recorded.tail.ack(recorded.tail.receivedOffset);
    expect(await waiting).toBe(1);
    recorded.acks = true;
    const latencies: number[] = [];
    for (let i = 0; i < 200; i++) {
      const startMs = performance.now();
      await client.set("k", i);
      expect(await client.wait(1, 10_000)).toBe(1);
      latencies.push(performance.now() - startMs);
    }
    latencies.sort((a, b) => a - b);
    expect(latencies[100]).toBeLessThan(100); // far below the interval's second; see the README for what was measured
  });
});

describe("pause", () => {
  it("leaves the bytes to the kernel and the server, acknowledges on, and goes on without loss", async () => {
    const redis = await server();
    const client = redis.client();
    const recorded = record(redis.port);
    const attached = await recorded.tail.attach();
    recorded.tail.pause();
    const value = Buffer.alloc(1024 * 1024, "v");
    for (let i = 0; i < 24; i++) await client.set(`k${i}`, value);
    expect(recorded.bytes).toBe(0);
    expect(recorded.tail.heldBytes).toBeLessThanOrEqual(PAUSED_BYTES_MAX);
    const memory = /mem_total_replication_buffers:(\d+)/.exec(await client.info("memory"));
    expect(Number(memory![1])).toBeGreaterThan(10 * value.length);
    recorded.tail.resume();
    await waitFor(() => recorded.bytes > 24 * value.length, { what: "all bytes" });
    expect(recorded.commands.filter((command) => command.startsWith("set k"))).toHaveLength(24);
    expect(await client.info("replication")).toContain(`master_repl_offset:${attached.offset + recorded.bytes}`);
  });
});
