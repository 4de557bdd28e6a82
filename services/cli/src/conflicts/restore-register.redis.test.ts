/** What a key that is one register has lost comes back whole, over whatever type the key has by now. */
import { startRedis } from "@meridian/testkit";
import { expect, test } from "vitest";
import { RecordedTerminal } from "../terminal.js";
import type { Conflict } from "./conflict-source.js";
import { conflictLine } from "./conflict-text.js";
import { restoreConflict } from "./restore-conflict.js";

test("a register's losing value is restored over another type, and keeps the deadline that the key has", async () => {
  const server = await startRedis();
  const client = server.client();
  await client.rpush("k", "a", "b");
  const payload = await client.dumpBuffer("k");
  await client.del("k");
  await client.hset("k", "f", "1");
  await client.pexpireat("k", 4_102_444_800_000);
  const { color } = new RecordedTerminal();
  const write = { version: 1, atMs: 1 };
  const conflict: Conflict = {
    id: "0123456789abcdef", atMs: 1, rule: "lww", db: 0, kind: "w", key: "k", field: "", recordedBy: ["eu"],
    loser: { writer: "eu/0", ...write }, winner: { writer: "us/0", ...write }, value: { base64: payload.toString("base64") },
  };
  await restoreConflict(client, conflict);
  expect([await client.lrange("k", 0, -1), await client.call("PEXPIRETIME", "k")]).toEqual([["a", "b"], 4_102_444_800_000]);
  const { value, ...removal } = { ...conflict, isRemoval: true };
  expect(value).toBeDefined();
  await expect(restoreConflict(client, removal)).rejects.toMatchObject({ message: expect.stringContaining("what lost is a removal") as string });
  expect(conflictLine(conflict, color)).toContain("bytes of DUMP");
  expect(conflictLine(removal, color)).toContain("eu removed the key");
  await server.stop();
});
