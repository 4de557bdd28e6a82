/**
 * The log as the simulator has it: per writer an array that only grows, with positions that count from 1. Delivery is at
 * least once and in each writer's order; everything else is decided by the schedule.
 */
import type { WriterId } from "@meridian/words";

/** See the module's comment. */
export class LogModel {
  readonly #records = new Map<WriterId, Buffer[]>();

  /** All records of a writer. */
  of(writer: WriterId): readonly Buffer[] {
    return this.#records.get(writer) ?? NO_RECORDS;
  }

  /** Everybody who has appended something. */
  get writers(): WriterId[] {
    return [...this.#records.keys()];
  }

  append(writer: WriterId, record: Buffer): void {
    const records = this.#records.get(writer);
    if (records) records.push(record);
    else this.#records.set(writer, [record]);
  }
}

const NO_RECORDS: readonly Buffer[] = [];
