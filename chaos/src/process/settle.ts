/**
 * The end of every scenario on real processes: wait until the mesh has nothing left to do, then compare everything.
 *
 * Promises that a part which ended by itself is reported as such, not as a mesh that does not become quiet. Waits for
 * conditions that the agents report, never for time to pass.
 */
import { compareServers, waitForQuiet, type CompareReport, type Mesh, type MeshRegion } from "@meridian/cli";

/** How long a mesh may take to become quiet on a machine that is busy with other tests. */
const QUIET_TIMEOUT_MS = 60_000;

/** Waits, compares all regions' values of all databases, and returns the report. Throws where the mesh stays unquiet. */
export async function settle(mesh: Mesh, timeoutMs = QUIET_TIMEOUT_MS): Promise<CompareReport> {
  const failed = mesh.failure.then((reason) => {
    throw new Error(reason);
  });
  await Promise.race([waitForQuiet(mesh.regions, { timeoutMs }), failed]).catch(async (error: unknown) => {
    throw new Error((await Promise.all(mesh.regions.map(lastWords))).join("\n"), { cause: error });
  });
  return compareServers(mesh.regions.map(({ region, url }) => ({ name: region, url })), { settleMs: 0 });
}

/** What an agent says of itself, and the end of its log. */
async function lastWords({ region, agentUrl, agent }: MeshRegion): Promise<string> {
  const status = await fetch(`${agentUrl}/status`).then((answer) => answer.text(), String);
  return `${region}: ${status}\n${await agent.logTail()}`;
}
