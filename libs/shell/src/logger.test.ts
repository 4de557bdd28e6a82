import { MeridianError } from "@meridian/words";
import { expect, test } from "vitest";
import { createLogger, type ServiceLogger } from "./logger.js";

function collecting(settings: { level?: "debug" | "info"; pretty?: "auto" | "always" } = {}): { logger: ServiceLogger; lines: string[] } {
  const lines: string[] = [];
  const destination = { write: (line: string): void => void lines.push(line) };
  const logger = createLogger({ name: "agent", level: settings.level ?? "info", pretty: settings.pretty ?? "auto", destination });
  return { logger, lines };
}

test("writes one JSON object per line, with the level as a word and the time as ISO", () => {
  const { logger, lines } = collecting();
  logger.info({ offset: 7 }, "attached");
  expect(lines).toHaveLength(1);
  const record = JSON.parse(lines[0]!) as Record<string, unknown>;
  expect(record).toMatchObject({ level: "info", name: "agent", msg: "attached", offset: 7 });
  expect(new Date(String(record["time"])).toISOString()).toBe(record["time"]);
});

test("the level can be changed while running, and children follow", () => {
  const { logger, lines } = collecting();
  const child = logger.child({ server: "0" });
  child.debug({}, "unseen");
  logger.level = "debug";
  child.debug({}, "seen");
  logger.level = "silent";
  child.error({}, "unseen");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ msg: "seen", server: "0" }]);
});

test("an error's code and advice are in the line", () => {
  const { logger, lines } = collecting();
  logger.error({ err: new MeridianError("FENCED", "taken over", { advice: "stop one" }) }, "failed");
  expect(JSON.parse(lines[0]!)).toMatchObject({ err: { code: "FENCED", message: "taken over", advice: "stop one", retryable: false } });
});

test("readable lines hold message, fields and advice, and no control characters", () => {
  const { logger, lines } = collecting({ pretty: "always" });
  logger.child({ server: "0" }).warn({ lagMs: 3, text: "a b" }, "slow\u001b[2J");
  logger.error({ err: new MeridianError("FENCED", "taken over", { advice: "stop one" }) }, "failed");
  logger.error({ err: new Error("boom") }, "crashed");
  expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} WARN {2}slow\\x1b\[2J server=0 lagMs=3 text="a b"\n$/);
  expect(lines[1]).toMatch(/ERROR failed\n {4}FENCED: taken over\n {8}→ stop one\n$/);
  expect(lines[2]).toMatch(/ERROR crashed\n {4}Error: boom\n {8}at /);
});
