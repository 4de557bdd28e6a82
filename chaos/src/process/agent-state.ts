/**
 * Conditions that an agent reports of itself, to wait for.
 */
import { fetchStatus, type MeshRegion, type PipelineStatus } from "@meridian/cli";
import { waitFor, type TestRedis } from "@meridian/testkit";

/** How long a condition may take on a machine that is busy with other tests. */
const TIMEOUT_MS = 30_000;

/** The status of a region's only pipeline. Throws where the agent does not answer. */
export async function pipelineOf(region: MeshRegion): Promise<PipelineStatus> {
  const [first] = (await fetchStatus(region.agentUrl)).pipelines;
  if (first === undefined) throw new Error(`the agent of ${region.region} has no pipeline`);
  return first;
}

/** Waits until a region's pipeline is as wanted, and returns its status then. */
export async function untilPipeline(region: MeshRegion, what: string, isSo: (status: PipelineStatus) => boolean): Promise<PipelineStatus> {
  let last: PipelineStatus | undefined;
  return waitFor(
    async () => {
      last = await pipelineOf(region);
      return isSo(last) && last;
    },
    { timeoutMs: TIMEOUT_MS, what: () => `${region.region}: ${what}; its status is ${JSON.stringify(last)}` },
  );
}

/** Waits until everything that the region's server has executed so far is captured. */
export async function untilCaptured(region: MeshRegion, server: TestRedis): Promise<void> {
  const client = server.client();
  const offset = Number(/^master_repl_offset:(\d+)/m.exec(await client.info("replication"))?.[1]);
  client.disconnect();
  await untilPipeline(region, `everything up to ${offset} is captured`, ({ capture }) => capture.offset >= offset);
}
