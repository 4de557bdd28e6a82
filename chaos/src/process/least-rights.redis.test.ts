/** Agents under the users of deploy/acl, and no others, do the whole round trip: no command of theirs is refused. */
import { fileURLToPath } from "node:url";
import { waitFor } from "@meridian/testkit";
import type { Redis } from "ioredis";
import { afterEach, beforeEach, expect, it } from "vitest";
import { startBreakableMesh, type BreakableMesh } from "./breakable-mesh.js";
import { settle } from "./settle.js";
import { Traffic } from "./traffic.js";

const FOLDER = fileURLToPath(new URL("../../../deploy/acl/", import.meta.url));
const REGIONS = ["eu", "us"];
const password = "change-me";

let bed: BreakableMesh;
let traffic: Traffic;
beforeEach(async () => {
  bed = await startBreakableMesh({
    regions: REGIONS,
    serverArgs: ["--aclfile", `${FOLDER}agent.acl`],
    logArgs: ["--aclfile", `${FOLDER}log.acl`],
    serverUser: { username: "meridian", password },
    logUser: { username: "meridian-log", password },
  });
});
afterEach(async () => {
  traffic.close();
  await bed.stop();
});

/** What the server refused, but for a greeting of clients that newer servers know and nobody needs. */
async function refused(client: Redis): Promise<string[]> {
  const entries = (await client.call("ACL", "LOG")) as unknown[][];
  return entries.map((entry) => String(entry[entry.indexOf("object") + 1])).filter((name) => name !== "client|setinfo");
}

/** Users of the agents' connections: those that gave themselves a name of ours, and the replica. */
async function usersOfAgents(client: Redis): Promise<string[]> {
  const lines = String(await client.client("LIST")).split("\n");
  const ours = lines.filter((line) => /name=meridian|flags=S/.test(line));
  return [...new Set(ours.map((line) => /user=(\S+)/.exec(line)?.[1] ?? ""))];
}

it("a mesh under the users of deploy/acl converges, an agent killed and started again included", { timeout: 60_000 }, async () => {
  traffic = new Traffic(bed.mesh, 17, 400);
  await waitFor(() => traffic.ledger.acknowledged > 1_500, { timeoutMs: 20_000, what: "writes" });
  await bed.mesh.killAgent("eu");
  await bed.mesh.restartAgent("eu");
  await waitFor(() => traffic.ledger.acknowledged > 3_000, { timeoutMs: 20_000, what: "more writes" });
  await traffic.stop();
  expect(await settle(bed.mesh)).toMatchObject({ verdict: "equal", differences: [] });
  expect(await traffic.check()).toEqual([]);
  for (const region of REGIONS) {
    expect(await refused(bed.server(region).client())).toEqual([]);
    expect(await refused(bed.log(region).client())).toEqual([]);
    expect(await usersOfAgents(bed.server(region).client())).toEqual(["meridian"]);
    expect(await usersOfAgents(bed.log(region).client())).toEqual(["meridian-log"]);
  }
});
