import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DRAIN_MS_MAX, QUIET_MS, TailDrain } from "./tail-drain.js";

let ends = 0;
let isPaused = false;
const drain = (): TailDrain => new TailDrain(() => isPaused, () => (ends += 1));

beforeEach(() => {
  vi.useFakeTimers();
  ends = 0;
  isPaused = false;
});
afterEach(() => vi.useRealTimers());

/** So long, and until what was due then is done. */
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

test("a server that says nothing any more is waited for shortly, and the end is told once", async () => {
  const waits = drain();
  await pass(QUIET_MS - 1);
  expect(ends).toBe(0);
  await pass(2);
  expect(ends).toBe(1);
  waits.end();
  await pass(DRAIN_MS_MAX);
  expect(ends).toBe(1);
});

test("as long as bytes come it is read on, until the stream ends", async () => {
  const waits = drain();
  for (let turn = 0; turn < 5; turn += 1) {
    await pass(QUIET_MS - 1);
    waits.note();
  }
  expect(ends).toBe(0);
  waits.end();
  expect(ends).toBe(1);
});

test("one that lives and goes on speaking is not waited for for ever", async () => {
  const waits = drain();
  for (let ms = 0; ms < DRAIN_MS_MAX - 10; ms += 10) {
    waits.note();
    await pass(10);
  }
  expect(ends).toBe(0);
  waits.note();
  await pass(10);
  expect(ends).toBe(1);
});

test("a stream that is not read at present is not quiet; not for ever either", async () => {
  isPaused = true;
  drain();
  await pass(DRAIN_MS_MAX - 1);
  expect(ends).toBe(0);
  await pass(1);
  expect(ends).toBe(1);
});

test("one that is stopped says nothing", async () => {
  drain().stop();
  await pass(2 * DRAIN_MS_MAX);
  expect(ends).toBe(0);
});
