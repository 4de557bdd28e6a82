import { zeroCounters } from "@meridian/region";
import { ModelTarget, ServerModel } from "@meridian/target";
import { expect, test } from "vitest";
import { FIELD_DEADLINES_STAY, noticesOf } from "./pipeline/notices.js";
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

test("a notice makes an agent no less ready, and stands in what it answers", () => {
  const pipeline = { server: "0", state: "running" } as PipelineStatus;
  const status = { region: "eu", version: "0", uptimeMs: 1 };
  expect(readinessOf({ ...status, pipelines: [pipeline] })).toEqual({ ready: true, reasons: [] });
  const noticed = readinessOf({ ...status, pipelines: [{ ...pipeline, notices: ["mind the gap"] }] });
  expect(noticed).toEqual({ ready: true, reasons: [], notices: ["server 0: mind the gap"] });
});
