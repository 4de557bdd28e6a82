/**
 * The load process: takes one plan after the other from its parent and reports each. A process of its own, so that
 * making load costs no agent and no measuring process anything.
 */
import { runLoad, type LoadPlan, type LoadResult } from "./load-run.js";

/** From the load process to its parent. */
export type LoadMessage =
  | { readonly event: "measuring" | "sent" }
  | { readonly event: "done"; readonly result: LoadResult }
  | { readonly event: "failed"; readonly reason: string };

process.on("message", (plan: LoadPlan) => {
  const tell = (message: LoadMessage): void => void process.send?.(message);
  runLoad(plan, { onMeasuring: () => tell({ event: "measuring" }), onSent: () => tell({ event: "sent" }) }).then(
    (result) => tell({ event: "done", result }),
    (error: unknown) => tell({ event: "failed", reason: error instanceof Error ? error.message : String(error) }),
  );
});
// the parent is gone, or has closed the channel
process.once("disconnect", () => process.exit(0));
