/** Asks agents for their status over HTTP. */
import { MeridianError } from "@meridian/words";
import { readAgentStatus, type AgentStatus } from "./agent-status.js";

/** An agent that does not answer within this is shown as out of reach. */
export const POLL_TIMEOUT_MS = 3_000;

/** What one agent answered, or why it did not. */
export type AgentAnswer =
  | { readonly url: string; readonly atMs: number; readonly status: AgentStatus }
  | { readonly url: string; readonly atMs: number; readonly error: string };

/** Asks one agent. Throws `AGENT_UNAVAILABLE`. */
export async function fetchStatus(url: string): Promise<AgentStatus> {
  try {
    const answer = await fetch(`${url.replace(/\/$/, "")}/status`, { signal: AbortSignal.timeout(POLL_TIMEOUT_MS) });
    if (answer.ok) return readAgentStatus(await answer.json(), url);
    throw new Error(`it answered ${answer.status} ${answer.statusText}`);
  } catch (error) {
    if (error instanceof MeridianError) throw error;
    const cause = (error as Error).cause;
    const reason = cause instanceof Error && cause.message !== "" ? cause.message : (error as Error).message;
    throw new MeridianError("AGENT_UNAVAILABLE", `the agent at ${url} does not answer: ${reason}`, {
      advice: "check that it runs and that the address is right",
      retryable: true,
      cause: error,
    });
  }
}

/** Asks all agents at once; those that do not answer are in the result too. Times are monotonic milliseconds. */
export function pollAgents(urls: readonly string[]): Promise<AgentAnswer[]> {
  return Promise.all(
    urls.map(async (url) => {
      try {
        const status = await fetchStatus(url);
        return { url, atMs: performance.now(), status };
      } catch (error) {
        return { url, atMs: performance.now(), error: (error as Error).message };
      }
    }),
  );
}
