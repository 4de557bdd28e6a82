/** The load process (load-worker.ts), seen from its parent. */
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { guardChild } from "@meridian/testkit";
import type { LoadPlan, LoadResult } from "./load-run.js";
import type { LoadMessage } from "./load-worker.js";

/** What to do while a plan runs. */
export interface LoadHooks {
  /** The warm-up is over. */
  readonly onMeasuring?: () => void;
  /** The last command is sent. */
  readonly onSent?: () => void;
}

const WORKER = fileURLToPath(new URL("./load-worker.js", import.meta.url));

/** Runs plans, one at a time. */
export class LoadProcess {
  readonly #child: ChildProcess;
  readonly #release: () => void;

  constructor() {
    // JSON would turn a limit of Infinity into null
    this.#child = fork(WORKER, [], { stdio: ["ignore", "inherit", "inherit", "ipc"], detached: true, serialization: "advanced" });
    this.#release = guardChild(this.#child);
  }

  /** The process id. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Runs a plan. Rejects with the reason where it failed, and when `signal` fires. */
  run(plan: LoadPlan, signal: AbortSignal, hooks: LoadHooks = {}): Promise<LoadResult> {
    return new Promise((resolve, reject) => {
      const child = this.#child;
      const finish = (act: () => void): void => {
        child.off("message", onMessage).off("exit", onExit);
        signal.removeEventListener("abort", onAbort);
        act();
      };
      const onMessage = (message: unknown): void => {
        const told = message as LoadMessage;
        if (told.event === "done") finish(() => resolve(told.result));
        else if (told.event === "failed") finish(() => reject(new Error(`the load process: ${told.reason}`)));
        else if (told.event === "measuring") hooks.onMeasuring?.();
        else hooks.onSent?.();
      };
      const onExit = (): void => finish(() => reject(new Error("the load process has ended")));
      const onAbort = (): void => finish(() => reject(signal.reason as Error));
      child.on("message", onMessage).once("exit", onExit);
      signal.addEventListener("abort", onAbort, { once: true });
      child.send(plan);
    });
  }

  /** Ends the process. */
  stop(): void {
    this.#child.once("exit", this.#release);
    if (this.#child.connected) this.#child.disconnect();
    this.#child.kill("SIGKILL");
  }
}
