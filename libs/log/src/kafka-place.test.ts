import { groupWriter, writerId } from "@meridian/words";
import { expect, test } from "vitest";
import { placeOf } from "./kafka-options.js";

const options = { brokers: ["k:9092"], retentionMs: 1 };

test("a server's topic is its region's, and for a group one more, in the same partition", () => {
  expect(placeOf(options, writerId("eu", "3"))).toEqual({ topic: "meridian.eu", partition: 3 });
  expect(placeOf(options, groupWriter(writerId("eu", "3"), "eu+us"))).toEqual({ topic: "meridian.eu.eu_us", partition: 3 });
  const named = { ...options, servers: ["a", "b"], topicPrefix: "mesh" };
  expect(placeOf(named, groupWriter(writerId("eu-west", "b"), "eu-west+us"))).toEqual({ topic: "mesh.eu-west.eu-west_us", partition: 1 });
});
