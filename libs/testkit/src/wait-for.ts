/**
 * Waiting for a condition, in place of sleeping and hoping.
 *
 * Promises to return as soon as a poll sees the condition hold, and to say what it waited for when it does not.
 */

/** How long and how often to look, and the words for the failure. */
export interface WaitOptions {
  /** Gives up after this; 10,000 by default. */
  readonly timeoutMs?: number;
  /** Pause between two looks; 5 by default. */
  readonly pollMs?: number;
  /** Completes the sentence "still waiting for ...". A function is asked at the failure, to show the last state. */
  readonly what: string | (() => string);
}

type Falsy = false | 0 | "" | null | undefined;

/**
 * Polls until `condition` gives something truthy, and returns that. A condition that throws counts as not yet; its
 * last error is the cause of the failure.
 */
export async function waitFor<T>(condition: () => T | Promise<T>, options: WaitOptions): Promise<Exclude<T, Falsy>> {
  const { timeoutMs = 10_000, pollMs = 5, what } = options;
  const deadlineMs = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const result = await condition();
      if (result) return result as Exclude<T, Falsy>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() >= deadlineMs) {
      const name = typeof what === "string" ? what : what();
      throw new Error(`still waiting for ${name} after ${timeoutMs} ms`, { cause: lastError });
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
