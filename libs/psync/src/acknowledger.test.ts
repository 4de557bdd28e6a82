import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ACK_WINDOW_MS, Acknowledger } from "./acknowledger.js";

let sent: number[];
let acknowledger: Acknowledger;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] });
  sent = [];
  acknowledger = new Acknowledger((offset) => sent.push(offset), 100, 1000);
});
afterEach(() => {
  acknowledger.stop();
  vi.useRealTimers();
});

it("sends the first one at once and repeats the last one", () => {
  expect(sent).toEqual([100]);
  vi.advanceTimersByTime(2000);
  expect(sent).toEqual([100, 100, 100]);
});

it("sends at once after a quiet while, and gathers within the window", () => {
  vi.advanceTimersByTime(ACK_WINDOW_MS);
  acknowledger.advance(110);
  expect(sent).toEqual([100, 110]);
  for (let offset = 111; offset <= 150; offset++) acknowledger.advance(offset);
  expect(sent).toEqual([100, 110]);
  vi.advanceTimersByTime(ACK_WINDOW_MS);
  expect(sent).toEqual([100, 110, 150]);
});

it("ends the window when what somebody waits for is reached", () => {
  acknowledger.expect(120);
  acknowledger.advance(119);
  expect(sent).toEqual([100]);
  acknowledger.advance(120);
  expect(sent).toEqual([100, 120]);
  acknowledger.advance(121);
  expect(sent).toEqual([100, 120]);
});

it("never goes backwards", () => {
  vi.advanceTimersByTime(ACK_WINDOW_MS);
  acknowledger.advance(90);
  expect(sent).toEqual([100]);
  expect(acknowledger.offset).toBe(100);
});

it("sends what waits when it is stopped, and nothing afterwards", () => {
  acknowledger.advance(130);
  acknowledger.stop();
  expect(sent).toEqual([100, 130]);
  vi.advanceTimersByTime(5000);
  expect(sent).toEqual([100, 130]);
});
