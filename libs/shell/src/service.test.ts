import { MeridianError } from "@meridian/words";
import { expect, test } from "vitest";
import { createLogger } from "./logger.js";
import type { HostEvents, ServiceHost } from "./service-host.js";
import { runService, type Part, type Service } from "./service.js";

/** A process that only writes down what it was told. */
class FakeHost implements ServiceHost {
  readonly exits: number[] = [];
  readonly errors: string[] = [];
  events!: HostEvents;
  listening = false;

  listen(events: HostEvents): () => void {
    this.events = events;
    this.listening = true;
    return () => (this.listening = false);
  }
  print(text: string): void {
    this.errors.push(`out: ${text}`);
  }
  printError(text: string): void {
    this.errors.push(text);
  }
  exit(code: number): void {
    this.exits.push(code);
  }
  kill(): void {
    this.exits.push(137);
  }
}

interface Life {
  readonly host: FakeHost;
  readonly steps: string[];
  readonly lines: string[];
  readonly service: Service;
  readonly ended: Promise<number>;
}

type Start = (service: Service, part: (name: string, overrides?: Partial<Part>) => Part) => Promise<void>;

function life(start: Start, stopMsMax = 5_000): Life {
  const host = new FakeHost();
  const steps: string[] = [];
  const lines: string[] = [];
  const logger = createLogger({ name: "test", level: "debug", pretty: "never", destination: { write: (line) => void lines.push(line) } });
  const part = (name: string, overrides: Partial<Part> = {}): Part => ({
    name,
    start: () => Promise.resolve(void steps.push(`start ${name}`)),
    stop: () => Promise.resolve(void steps.push(`stop ${name}`)),
    ...overrides,
  });
  let running: Service | undefined;
  const run = async (service: Service): Promise<void> => {
    running = service;
    service.configure({ logger, stopMsMax });
    await start(service, part);
  };
  const ended = runService("test", run, host);
  if (running === undefined) throw new Error("start was not called at once");
  return { host, steps, lines, service: running, ended };
}

const never = (): Promise<void> => new Promise(() => {});

test("parts start in order and stop in reverse order, with code 0", async () => {
  const { host, steps, ended } = life(async (service, part) => {
    for (const name of ["a", "b", "c"]) await service.use(part(name));
  });
  await expect.poll(() => steps).toHaveLength(3);
  host.events.onSignal("SIGTERM");
  expect(await ended).toBe(0);
  expect(steps).toEqual(["start a", "start b", "start c", "stop c", "stop b", "stop a"]);
  expect(host.exits).toEqual([0]);
  expect(host.listening).toBe(false);
});

test("a signal while a part starts stops that part too and starts no further one", async () => {
  const { host, steps, ended } = life(async (service, part) => {
    await service.use(part("a"));
    await service.use(part("b", { start: never }));
    await service.use(part("c"));
  });
  await expect.poll(() => steps).toEqual(["start a"]);
  host.events.onSignal("SIGINT");
  expect(await ended).toBe(0);
  expect(steps).toEqual(["start a", "stop b", "stop a"]);
});

test("a part that cannot be stopped in time is named, and the code says undrained", async () => {
  const { host, steps, lines, ended } = life(async (service, part) => {
    await service.use(part("a"));
    await service.use(part("stuck", { stop: never }));
  }, 20);
  await expect.poll(() => steps).toEqual(["start a", "start stuck"]);
  host.events.onSignal("SIGTERM");
  expect(await ended).toBe(6);
  expect(lines.join("")).toContain('"parts":["stuck","a"]');
});

test("a second signal ends at once with 128 + its number", async () => {
  const { host, ended } = life((service, part) => service.use(part("stuck", { stop: never })));
  host.events.onSignal("SIGTERM");
  host.events.onSignal("SIGINT");
  expect(await ended).toBe(130);
  expect(host.exits).toEqual([130]);
});

test("a start that fails stops what had started, with the error's code", async () => {
  const { steps, ended } = life(async (service, part) => {
    await service.use(part("a"));
    await service.use(part("b", { start: () => Promise.reject(new MeridianError("STORE_FOREIGN", "x", { advice: "y" })) }));
  });
  expect(await ended).toBe(4);
  expect(steps).toEqual(["start a", "stop b", "stop a"]);
});

test("a failure while running stops; the first reason counts", async () => {
  const { service, steps, ended } = life((service, part) => service.use(part("a")));
  service.fail(new MeridianError("FENCED", "x", { advice: "y" }));
  service.fail(new Error("later"));
  expect(await ended).toBe(3);
  expect(steps).toEqual(["start a", "stop a"]);
});

test("a part that fails to stop does not keep the others from stopping", async () => {
  const { host, steps, ended } = life(async (service, part) => {
    await service.use(part("a"));
    await service.use(part("b", { stop: () => Promise.reject(new Error("boom")) }));
  });
  await expect.poll(() => steps).toEqual(["start a", "start b"]);
  host.events.onSignal("SIGTERM");
  expect(await ended).toBe(1);
  expect(steps).toEqual(["start a", "start b", "stop a"]);
});

test("what nothing caught ends at once with 1 and drains nothing", async () => {
  const { host, steps, lines, ended } = life((service, part) => service.use(part("a")));
  host.events.onCrash(new Error("boom"));
  expect(await ended).toBe(1);
  expect(steps).toEqual(["start a"]);
  expect(lines.join("")).toContain("boom");
});

test("before there is a logger, failures go to standard error with their advice", async () => {
  const host = new FakeHost();
  const code = await runService("test", () => Promise.reject(new MeridianError("BAD_OPTION", "2 options are wrong", { advice: "correct them" })), host);
  expect(code).toBe(2);
  expect(host.errors).toEqual(["test: 2 options are wrong\ncorrect them\n"]);
});

test("printing ends with 0", async () => {
  const host = new FakeHost();
  expect(await runService("test", (service) => Promise.resolve(service.print("help\n")), host)).toBe(0);
  expect(host.errors).toEqual(["out: help\n"]);
});

test("where the log cannot be written any more, the process is killed rather than left hanging", async () => {
  const host = new FakeHost();
  const logger = createLogger({ name: "test", level: "info", pretty: "never", destination: { write: () => {} } });
  const stalled = { ...logger, flush: () => Promise.resolve(false) };
  await runService(
    "test",
    (service) => {
      service.configure({ logger: stalled });
      return Promise.reject(new Error("boom"));
    },
    host,
  );
  expect(host.exits).toEqual([137]);
});
