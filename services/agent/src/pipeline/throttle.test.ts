import { beforeEach, expect, it } from "vitest";
import { Throttle } from "./throttle.js";

let said: string[];
let pressure: number;
let sizeBytes: number;
let pendingRecords: number;
let throttle: Throttle;

beforeEach(() => {
  said = [];
  [pressure, sizeBytes, pendingRecords] = [0, 0, 1];
  const store = {
    get pressure(): number {
      return pressure;
    },
    sizeBytes: () => sizeBytes,
    flush: () => void said.push("flush"),
  };
  const tail = { pause: () => void said.push("pause"), resume: () => void said.push("resume") };
  throttle = new Throttle({ store, storeBytesMax: 100, pendingRecords: () => pendingRecords, tail: () => tail });
});

it("stands still while the store is full of what the log has not taken, and goes on once it has", () => {
  sizeBytes = 100;
  throttle.look();
  expect([throttle.isPaused, throttle.reason]).toEqual([true, "store"]);
  pendingRecords = 0;
  throttle.look();
  expect([throttle.isPaused, throttle.reason]).toEqual([false, undefined]);
  expect(said).toEqual(["pause", "resume"]);
});

it("a store full of what waits for nothing is no reason to stand still", () => {
  [sizeBytes, pendingRecords] = [1_000, 0];
  throttle.look();
  expect(said).toEqual([]);
});

it("stands still while the store is behind its disk, makes it move on, and goes on at half of that", () => {
  for (pressure of [2, 2.1, 1.5, 1, 0.9]) throttle.look();
  expect(said).toEqual(["pause", "flush", "flush", "resume"]);
  pressure = 3;
  throttle.look();
  expect(throttle.reason).toBe("disk");
});
