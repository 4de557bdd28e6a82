import { ApplyBatch, decodeMark, encodeMarkHeader, MARK_KEY } from "@meridian/mark";
import { waitFor } from "@meridian/testkit";
import { hlcOf, VersionVector, writerId } from "@meridian/words";
import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { batch, connect, continueUnder, epoch, redis, seq, server, stream, streamAndSelects, target, useTargetBed, vector } from "../testing/target-bed.js";
import { ServerModel } from "../model/server-model.js";
import { TARGET_RIGHTS } from "./rights.js";

useTargetBed();

let listener: Redis;
let heard: string[];

beforeEach(async () => {
  heard = [];
  listener = server.client();
  listener.on("pmessage", (_pattern, channel: string, message: string) => heard.push(`${channel} ${message}`));
  await listener.psubscribe("orders.*", "last");
});
afterEach(() => listener.disconnect());

/** Everything published so far was heard. */
async function heardAll(): Promise<string[]> {
  await redis.publish("last", "");
  await waitFor(() => heard.at(-1) === "last ", { what: "the last message" });
  return heard.slice(0, -1);
}

describe("messages of a batch", () => {
  test("are heard once, in order, behind its effects, and stand in the stream within its transaction", async () => {
    await stream();
    const first = batch((b) => {
      b.setString(2, "k", "-", "", "v", -1);
      b.publish("orders.eu", "one");
      b.publish("orders.eu", Buffer.from("two"));
    });
    expect(await target.apply(first)).toMatchObject({ status: "OK", skipped: 0 });
    expect(await target.apply(first)).toMatchObject({ status: "DUP" });
    expect(await target.apply(batch((b) => b.publish("orders.us", "three")))).toMatchObject({ status: "OK" });
    expect(await heardAll()).toEqual(["orders.eu one", "orders.eu two", "orders.us three"]);
    const names = (await stream()).map(([name, key]) => (key === MARK_KEY ? "MARK" : `${name} ${key ?? ""}`));
    expect(names.slice(0, 10)).toEqual([
      ...["MULTI ", "MARK", "SET k", "PUBLISH orders.eu", "PUBLISH orders.eu", "EXEC "],
      ...["MULTI ", "MARK", "PUBLISH orders.us", "EXEC "],
    ]);
  });

  test("are in the model's stream as in the server's", async () => {
    const model = new ServerModel();
    for (let fences = 0; fences < epoch; fences += 1) model.fence(0);
    model.takeStream();
    await streamAndSelects();
    const both = batch((b) => {
      b.setString(3, "k", "-", "", "v", -1);
      b.publish("orders.eu", "one");
      b.setString(0, "l", "-", "", "v", -1);
      b.publish("orders.eu", "two");
    });
    await target.apply(both);
    expect(model.apply(both, 0)).toMatchObject({ status: "OK", skipped: 0 });
    const text = (await streamAndSelects()).map((command) => command.join(" "));
    const bytes = model.takeStream().toString("latin1");
    const words = bytes.split("\r\n").filter((_, at, lines) => lines[at - 1]?.startsWith("$"));
    expect(text.join(" ").replace(/^SELECT 0 /, "")).toContain(words.join(" ").replace(/^SELECT 0 /, ""));
  });

  test("that the server refuses are named in the mark, and what else the batch does is done", async () => {
    await redis.call("ACL", "SETUSER", "deaf", "on", ">secret", ...TARGET_RIGHTS, "&orders.eu");
    const limited = await connect({ username: "deaf", password: "secret", messages: true });
    continueUnder((await limited.fence()).epoch);
    const told = new VersionVector([[writerId("us", "0"), hlcOf(1_700_000_000_005)]]);
    const header = encodeMarkHeader({ epoch, seq: 1, vector, deferred: [], settled: [], told });
    const b = new ApplyBatch(epoch, seq, 1, header);
    b.setString(1, "k", "-", "", "v", -1);
    b.publish("orders.us", "not for him");
    b.publish("orders.eu", "one");
    expect(await limited.apply(b)).toMatchObject({ status: "OK", skipped: 0 });
    const mark = decodeMark((await redis.getBuffer(MARK_KEY))!);
    expect(mark.silenced).toEqual([{ channel: "orders.us", reason: expect.stringContaining("channel") as string }]);
    expect([...(mark.told?.entries() ?? [])]).toEqual([...told.entries()]);
    expect(await heardAll()).toEqual(["orders.eu one"]);
    await limited.close();
  });

  test("need the right to publish, and only where they are asked for", async () => {
    await redis.call("ACL", "SETUSER", "mute", "on", ">secret", ...TARGET_RIGHTS, "-publish");
    await expect(connect({ username: "mute", password: "secret", messages: true })).rejects.toThrow(/PUBLISH/);
    await (await connect({ username: "mute", password: "secret" })).close();
    await streamAndSelects();
    await (await connect({ messages: true })).close();
    expect((await stream()).filter(([name]) => name?.toUpperCase() === "PUBLISH"), "trying is not in the stream").toEqual([]);
  });
});
