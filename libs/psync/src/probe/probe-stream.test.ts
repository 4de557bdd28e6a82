import { CommandWriter } from "@meridian/resp";
import { expect, test } from "vitest";
import { PROBE_END, PROBE_PREFIX, ProbeStream } from "./probe-stream.js";

function encoded(...commands: readonly string[]): Buffer {
  const writer = new CommandWriter();
  for (const command of commands) writer.command(command.split(" "));
  return Buffer.from(writer.take());
}

const OURS = `${PROBE_PREFIX}s`;

test("what others write, in other databases too, is passed over wherever it stands", async () => {
  const stream = new ProbeStream();
  const carried = stream.until("1");
  stream.push(encoded("SELECT 3", "INCR other", "MULTI", "SELECT 0", `SREM ${OURS} a`, `SREM ${OURS} b`, "EXEC", "SELECT 3", "MULTI", "SET k v", "EXEC"));
  stream.push(encoded("SELECT 0", `SET ${PROBE_END} 1`));
  expect(await carried).toEqual([["MULTI"], ["SREM", OURS, "a"], ["SREM", OURS, "b"], ["EXEC"]]);
});

test("what comes behind a mark belongs to the next one", async () => {
  const stream = new ProbeStream();
  const first = stream.until("1");
  stream.push(encoded(`SET ${OURS} 1`, `SET ${PROBE_END} 1`, `SET ${OURS} 2`));
  expect(await first).toEqual([["SET", OURS, "1"]]);
  const second = stream.until("2");
  stream.push(encoded(`SET ${PROBE_END} 2`));
  expect(await second).toEqual([["SET", OURS, "2"]]);
});
