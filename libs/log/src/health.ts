/**
 * The log's health, from the connections that use it: down while any of them is failing, up otherwise.
 */
import type { WriterId } from "@meridian/words";
import type { StoreWatch } from "./entry-store.js";
import type { LogHealth, LogHooks, LogLogger } from "./port.js";

/** Says nothing. */
export const SILENT: LogLogger = { debug: () => undefined, info: () => undefined, warn: () => undefined };

/** Collects what the parts of one log report, and logs each change once. */
export class HealthWatch implements StoreWatch {
  readonly logger: LogLogger;
  readonly #failing = new Map<string, string>();
  readonly #now: () => number;
  readonly #hooks: LogHooks;
  #since: number;
  #lastError: string | undefined;

  constructor(now: () => number, logger: LogLogger, hooks: LogHooks) {
    this.#now = now;
    this.logger = logger;
    this.#hooks = hooks;
    this.#since = now();
  }

  up(source: string): void {
    if (!this.#failing.delete(source)) return;
    this.logger.info({ source }, "log connection works again");
    if (this.#failing.size === 0) this.#since = this.#now();
  }

  down(source: string, writer: WriterId, error: Error): void {
    this.#hooks.onRetry?.(writer, error);
    this.#lastError = error.message;
    if (this.#failing.get(source) === error.message) return;
    this.logger.warn({ source, writer, error: error.message }, "log connection fails, trying again");
    if (this.#failing.size === 0) this.#since = this.#now();
    this.#failing.set(source, error.message);
  }

  gone(source: string): void {
    if (this.#failing.delete(source) && this.#failing.size === 0) this.#since = this.#now();
  }

  health(): LogHealth {
    const state = this.#failing.size === 0 ? "up" : "down";
    return { state, since: this.#since, ...(this.#lastError !== undefined && { lastError: this.#lastError }) };
  }
}
