/** What leaves waits for the disk, in order, and shares its waits. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { SyncedSteps } from "./synced-steps.js";

type Step = Parameters<SyncedSteps["add"]>[0];
const stepOf = (number: number, writes: boolean): Step => ({ publish: [], apply: [], read: [], list: [], acknowledge: number, writes: writes ? [{ table: "state", key: "n", value: Buffer.alloc(1) }] : [] });

test("nothing is sent before the disk has what was committed up to it, whatever comes when; order stays", async () => {
  const action = fc.oneof(fc.constant("write" as const), fc.constant("nothing" as const), fc.constant("disk" as const));
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
      const sent: number[] = [];
      const disk: (() => void)[] = [];
      let committed = 0;
      let durable = 0;
      const steps = new SyncedSteps({
        sync: () => {
          const upTo = committed;
          return new Promise((resolve) => disk.push(() => ((durable = Math.max(durable, upTo)), resolve())));
        },
        send: ({ acknowledge = 0, writes }) => {
          if (writes.length > 0) expect(acknowledge).toBeLessThanOrEqual(durable);
          sent.push(acknowledge);
        },
        onFailure: (error) => expect.fail(String(error)),
      });
      let number = 0;
      for (const what of actions) {
        if (what === "disk") disk.shift()?.();
        else {
          number += 1;
          if (what === "write") committed = number;
          steps.add(stepOf(number, what === "write"));
        }
        await Promise.resolve();
      }
      while (sent.length < number) {
        disk.shift()?.();
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(sent).toEqual(Array.from({ length: number }, (_, at) => at + 1));
    }),
  );
});

test("where the disk refuses nothing is sent, and it is told", async () => {
  const failure = new Error("no space");
  const told = await new Promise((resolve) => {
    const steps = new SyncedSteps({ sync: () => Promise.reject(failure), send: () => expect.fail("sent"), onFailure: resolve });
    steps.add(stepOf(1, true));
  });
  expect(told).toBe(failure);
});
