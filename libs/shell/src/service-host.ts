/**
 * The process around a service: signals, crashes, exit. A seam, so that a service's life can be tested without ending
 * the process that tests it.
 */

/** Signals that ask a service to stop. */
export const STOP_SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** One of {@link STOP_SIGNALS}. */
export type StopSignal = (typeof STOP_SIGNALS)[number];

/** What a service hears from its process. */
export interface HostEvents {
  onSignal(signal: StopSignal): void;
  /** An exception or rejection that nothing caught. */
  onCrash(error: unknown): void;
}

/** What a service needs of its process. */
export interface ServiceHost {
  /** Begins to deliver events; returns how to stop that. */
  listen(events: HostEvents): () => void;
  print(text: string): void;
  printError(text: string): void;
  exit(code: number): void;
  /** Ends the process without waiting for anything, output under way included. */
  kill(): void;
}

/** The real process. */
export function processHost(): ServiceHost {
  return {
    listen: (events) => {
      const signalled = (signal: NodeJS.Signals): void => events.onSignal(signal as StopSignal);
      const crashed = (error: unknown): void => events.onCrash(error);
      for (const signal of STOP_SIGNALS) process.on(signal, signalled);
      process.on("uncaughtException", crashed);
      process.on("unhandledRejection", crashed);
      return () => {
        for (const signal of STOP_SIGNALS) process.off(signal, signalled);
        process.off("uncaughtException", crashed);
        process.off("unhandledRejection", crashed);
      };
    },
    print: (text) => void process.stdout.write(text),
    printError: (text) => void process.stderr.write(text),
    exit: (code) => process.exit(code),
    kill: () => process.kill(process.pid, "SIGKILL"),
  };
}
