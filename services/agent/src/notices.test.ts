import { noteRefused, REFUSED_MAX, zeroCounters } from "@meridian/region";
import { ModelTarget, ServerModel } from "@meridian/target";
import { expect, test } from "vitest";
import { evictionNotices, FIELD_DEADLINES_STAY, noticesOf } from "./pipeline/notices.js";
import { readinessOf, type PipelineStatus } from "./status.js";

test("deadlines of fields are noticed from the stream, and from what the server held when it was attached", async () => {
  const facts = await new ModelTarget(new ServerModel(), Date.now).info();
  const counters = zeroCounters();
  expect(noticesOf(counters, undefined)).toEqual([]);
  expect(noticesOf(counters, facts)).toEqual([]);
  expect(noticesOf(counters, { ...facts, keysWithFieldDeadlines: 1 })).toEqual([FIELD_DEADLINES_STAY]);
  counters.unsupported.set("hpexpireat", 1);
  expect(noticesOf(counters, facts)).toEqual([FIELD_DEADLINES_STAY]);
});

test("a server that may drop keys to make room is noticed, with how many it has dropped", async () => {
  const facts = await new ModelTarget(new ServerModel(), Date.now).info();
  const counters = zeroCounters();
  const limited = { ...facts, maxMemoryBytes: 1, maxMemoryPolicy: "allkeys-lru", evictedKeys: 3 };
  const blind = { mode: "keep" as const, reason: "the server tells no events", keysAway: 0 };
  const said = (seen: typeof facts, how: Parameters<typeof evictionNotices>[2]): string[] => evictionNotices(counters, seen, how);
  const loud = /^maxmemory-policy is allkeys-lru: .*\(3 keys since it started\) is DELETED IN EVERY REGION.*tells no events.*notify-keyspace-events/;
  expect(said(limited, blind)).toEqual([expect.stringMatching(loud)]);
  expect(said(limited, { ...blind, mode: "replicate" })).toEqual([expect.stringMatching(/^maxmemory-policy is allkeys-lru: .* deleted in every region/)]);
  expect(said(limited, { ...blind, reason: undefined })).toEqual([]);
  expect(said({ ...limited, maxMemoryBytes: 0, evictedKeys: 0 }, blind)).toEqual([]);
  expect(said({ ...limited, maxMemoryPolicy: "noeviction", evictedKeys: 0 }, blind)).toEqual([]);
  counters.evictions.untold = 2;
  counters.evictions.unread = 1;
  expect(said(facts, { ...blind, keysAway: 5 })).toEqual([
    expect.stringMatching(/^5 keys were evicted .* the other regions keep them/),
    expect.stringMatching(/^2 deletions were taken for clients'/),
    expect.stringMatching(/^1 keys were evicted before/),
  ]);
});

test("values that the server refused are named, the newest, and no more of them are remembered than the limit", () => {
  const counters = zeroCounters();
  for (let at = 0; at < REFUSED_MAX + 10; at += 1) noteRefused(counters, 0, `k${at}`, "module type x: ERR Bad data format");
  noteRefused(counters, 0, "k20", "list: ERR Bad data format");
  expect(counters.refused.size).toBe(REFUSED_MAX);
  expect([...counters.refused.keys()].at(-1)).toBe("db0 k20");
  expect(noticesOf(counters, undefined)).toEqual([expect.stringContaining("db0 k73 (module type x: ERR Bad data format), db0 k20 (list: ERR Bad data format)")]);
});

test("a notice makes an agent no less ready, and stands in what it answers", () => {
  const pipeline = { server: "0", state: "running" } as PipelineStatus;
  const status = { region: "eu", version: "0", uptimeMs: 1 };
  expect(readinessOf({ ...status, pipelines: [pipeline] })).toEqual({ ready: true, reasons: [] });
  const noticed = readinessOf({ ...status, pipelines: [{ ...pipeline, notices: ["mind the gap"] }] });
  expect(noticed).toEqual({ ready: true, reasons: [], notices: ["server 0: mind the gap"] });
});
