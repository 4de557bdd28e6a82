import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import { startRedis, type TestRedis } from "./redis-server.js";
import { waitFor } from "./wait-for.js";

const servers: TestRedis[] = [];
async function start(...options: Parameters<typeof startRedis>): Promise<TestRedis> {
  const server = await startRedis(...options);
  servers.push(server);
  return server;
}
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("startRedis", () => {
  it("gives a server that answers, keeps nothing on disk and ends with stop()", async () => {
    const server = await start();
    const client = server.client();
    expect(await client.set("k", "v")).toBe("OK");
    expect(await client.config("GET", "repl-diskless-sync-delay")).toEqual(["repl-diskless-sync-delay", "0"]);
    expect(await client.config("GET", "save")).toEqual(["save", ""]);
    expect((await client.info("server")).includes(server.version.text)).toBe(true);
    const pid = server.pid!;
    await server.stop();
    expect(alive(pid)).toBe(false);
    expect(existsSync(server.dir)).toBe(false);
  });

  it("lets arguments win over the defaults", async () => {
    const server = await start({ args: ["--repl-diskless-sync-delay", "3", "--requirepass", "p"] });
    const client = server.client({ password: "p" });
    expect(await client.config("GET", "repl-diskless-sync-delay")).toEqual(["repl-diskless-sync-delay", "3"]);
  });

  it("restarts empty after a kill, and with its data and history after a saving shutdown", async () => {
    const server = await start();
    const client = server.client();
    await client.set("k", "v");
    const before = /master_replid:(\w+)/.exec(await client.info("replication"))![1]!;
    await server.restart({ save: true });
    expect(await client.get("k")).toBe("v");
    await server.restart({ kill: true });
    expect(await client.info("replication")).not.toContain(`master_replid:${before}`);
  });

  it("freezes and goes on", async () => {
    const server = await start();
    const client = server.client();
    await client.ping();
    server.pause();
    let answered = false;
    const answer = client.ping().then(() => (answered = true));
    await waitFor(() => stateOf(server.pid!).then((state) => state === "T"), { what: "a stopped process" });
    expect(answered).toBe(false);
    server.continue();
    await answer;
  });

  it("names the remedy when there is no binary, and shows the server's log when it refuses to start", async () => {
    await expect(startRedis({ binary: "/nowhere/redis-server" })).rejects.toMatchObject({
      code: "SERVER_UNAVAILABLE",
      advice: expect.stringContaining("set REDIS_SERVER") as string,
    });
    await expect(startRedis({ args: ["--no-such-option", "1"] })).rejects.toThrow(/did not start/);
    const port = (await start()).port;
    await expect(startRedis({ port })).rejects.toThrow(/Address already in use|did not start/);
  });
});

async function stateOf(pid: number): Promise<string> {
  return (await readFile(`/proc/${pid}/stat`, "latin1")).split(") ")[1]![0]!;
}
