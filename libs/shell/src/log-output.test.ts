import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BUFFER_BYTES_MAX, LogOutput } from "./log-output.js";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "meridian-log-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const dropLine = (count: number): string => `dropped ${count}\n`;

test("everything is written, in order, once flushed", async () => {
  const path = join(folder, "log");
  const fd = openSync(path, "w");
  const output = new LogOutput(fd, dropLine);
  const lines = Array.from({ length: 5_000 }, (_, at) => `line ${at} häuser ${"x".repeat(at % 100)}\n`);
  for (const line of lines) output.write(line);
  expect(await output.flush(10_000)).toBe(true);
  expect(readFileSync(path, "utf8")).toBe(lines.join(""));
  expect(output.droppedLines).toBe(0);
  closeSync(fd);
});

test("a descriptor that takes nothing costs the lines, not the process", async () => {
  const fd = openSync("/dev/full", "w");
  const output = new LogOutput(fd, dropLine);
  output.write("a\n");
  output.write("b\n");
  expect(await output.flush(10_000)).toBe(true);
  expect(output.droppedLines).toBe(2);
  closeSync(fd);
});

test("a reader that stalls bounds memory; afterwards one line says how many are missing", async () => {
  const fifo = join(folder, "fifo");
  await once(spawn("mkfifo", [fifo]), "exit");
  const fd = openSync(fifo, "r+"); // both ends, so that neither open nor write ends early
  const output = new LogOutput(fd, dropLine);
  const line = `${"x".repeat(1023)}\n`;
  const total = (2 * BUFFER_BYTES_MAX) / line.length;
  for (let at = 0; at < total; at++) output.write(line);
  const dropped = output.droppedLines;
  expect(dropped).toBeGreaterThan(0);
  expect(await output.flush(20)).toBe(false);

  const reader = spawn("cat", [fifo], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  reader.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  expect(await output.flush(20_000)).toBe(true);
  await expect.poll(() => text.length).toBe((total - dropped) * line.length + dropLine(dropped).length);
  expect(text.match(/dropped \d+\n/g)).toEqual([dropLine(dropped)]);
  reader.kill();
  await once(reader, "exit");
  closeSync(fd);
});
