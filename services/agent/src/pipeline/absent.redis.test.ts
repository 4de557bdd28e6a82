/** A region that was fenced, on a real server: it hears so from a peer and stands still for good. What it held back stays with it. */
import { memoryLog, MemoryShelf } from "@meridian/log";
import { startRedis, waitFor } from "@meridian/testkit";
import { encodeRecord, FrameBuilder, heartbeatFrame, type AbsenceSaid, blankMutation } from "@meridian/wire";
import { HLC_ZERO, hlcOf, MutationKind, VersionVector, writerId, type Hlc } from "@meridian/words";
import { expect, test } from "vitest";
import { describePlace, Place } from "../testing/place.js";
import { absenceNotices } from "./notices.js";

const EU = writerId("eu", "0");
const US = writerId("us", "0");
const SPAN = { replicationId: "f".repeat(40), firstOffset: 0, lastOffset: 1 };

test("a region that the others have fenced stands still, over restarts too: nothing more is applied, published or acknowledged", async () => {
  const shelf = new MemoryShelf();
  const server = await startRedis();
  const place = new Place(server, EU, [US], shelf);
  const client = server.client();
  await client.set("before", "1");
  await waitFor(() => place.hasCaptured(client), { what: "the first write to be captured" });
  const log = memoryLog({ shelf });
  const cut = place.life.region.lastVersion;
  const said: AbsenceSaid = { round: 1, asked: [], answer: undefined, fenced: [{ writer: EU, version: cut }] };
  await log.append(US, encodeRecord(US, SPAN, [heartbeatFrame(HLC_ZERO, new VersionVector(), Date.now(), said)]));
  await waitFor(() => place.halts.length > 0, { what: () => `the halt: ${JSON.stringify(describePlace(place))}` });
  expect(place.halts[0]).toMatchObject({ code: "ABSENT_TOO_LONG", advice: expect.stringContaining("rebuild this region from a peer") as string });
  const end = await log.end(EU);
  await client.set("behind", "1");
  await place.leave();
  const builder = new FrameBuilder();
  const bytes = Buffer.from("1");
  builder.add({ ...blankMutation(), kind: MutationKind.PutString, hlc: hlcOf(Date.now() - 1000), key: "theirs", number: Infinity, bytes, valueStart: 0, valueEnd: 1 });
  await log.append(US, encodeRecord(US, SPAN, [builder.finish(HLC_ZERO, new VersionVector())]));
  const heir = new Place(server, EU, [US], shelf, place.store.crash());
  await waitFor(() => heir.halts.length > 0, { what: "the heir to stand still" });
  expect([heir.halts[0]?.code, await client.exists("theirs"), await log.end(EU)]).toEqual(["ABSENT_TOO_LONG", 0, end]);
  await heir.stop();
  await log.close();
});

test("notices name who is fenced, who is asked about, and whose word is waited for", () => {
  const none = { fenced: [], silent: [], asked: [], boundTo: undefined, absent: [] };
  expect(absenceNotices(none)).toEqual([]);
  const fenced = [{ writer: US, cut: 5 as Hlc, isOut: false }];
  expect(absenceNotices({ ...none, fenced })).toEqual([expect.stringMatching(/^us\/0 stayed away.*rebuild that region.*still needed/)]);
  expect(absenceNotices({ ...none, silent: [US], asked: [US] })).toEqual([expect.stringMatching(/us\/0.*are asked/)]);
  expect(absenceNotices({ ...none, silent: [US], boundTo: EU, absent: [US] })).toEqual([expect.stringMatching(/us\/0.*eu\/0 decides/)]);
});
