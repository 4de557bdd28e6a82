/** A target that waits where the server has no memory: nothing is lost, nothing out of order, nothing left hanging. */
import { waitFor } from "@meridian/testkit";
import { afterEach, expect, test } from "vitest";
import { batch, connect, epoch, redis, stream, useTargetBed } from "../testing/target-bed.js";

useTargetBed();

afterEach(() => redis.config("SET", "maxmemory", "0"));

test("at maxmemory a target that waits keeps everything in its order, across a SCRIPT FLUSH too", async () => {
  const patient = await connect({ waitsForMemory: true });
  await redis.config("SET", "maxmemory", "1");
  const done: string[] = [];
  const note = (name: string) => ({ status }: { status: string }): unknown => done.push(`${name} ${status}`);
  const calls = [1, 2, 3].map((n) => patient.apply(batch((one) => one.setString(0, `k${n}`, "-", "", "v".repeat(n), -1))).then(note(`apply ${n}`)));
  calls.push(patient.read({ id: 9, keys: [{ db: 0, key: "k3" }] }, epoch, 10).then((status) => done.push(`read ${status}`)));
  await waitFor(() => patient.fullSinceMs, { what: "the server to be found full" });
  calls.push(patient.apply(batch((one) => one.setString(0, "k4", "-", "", "vvvv", -1))).then(note("apply 4")));
  await redis.script("FLUSH");
  expect([done, await redis.dbsize()]).toEqual([[], 2]);
  await redis.config("SET", "maxmemory", "0");
  await Promise.all(calls);
  expect(done).toEqual(["apply 1 OK", "apply 2 OK", "apply 3 OK", "read OK", "apply 4 OK"]);
  expect(patient.fullSinceMs).toBeUndefined();
  const seen = (await stream()).map(([name, key]) => `${name} ${key ?? ""}`).filter((text) => /k\d|meridian:read/.test(text));
  expect(seen).toEqual(["SET k1", "SET k2", "SET k3", "SET meridian:read", "DEL meridian:read", "SET k4"]);
  await patient.close();
});

test("what waits for memory ends with its connection", async () => {
  const patient = await connect({ waitsForMemory: true });
  await redis.config("SET", "maxmemory", "1");
  const first = patient.apply(batch((one) => one.setString(0, "k", "-", "", "v", -1)));
  const second = patient.read({ id: 1, keys: [] }, epoch, 10);
  await waitFor(() => patient.fullSinceMs, { what: "the server to be found full" });
  const ends = Promise.allSettled([first, second]);
  await patient.close();
  expect((await ends).map((end) => end.status === "rejected" && (end.reason as { code: string; retryable: boolean }))).toMatchObject([
    { code: "SERVER_UNAVAILABLE", retryable: true },
    { code: "SERVER_UNAVAILABLE", retryable: true },
  ]);
  await redis.config("SET", "maxmemory", "0");
  expect(await redis.exists("k")).toBe(0);
});
