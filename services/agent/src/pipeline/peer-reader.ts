/**
 * Follows one peer's log and hands its records to the region, as fast as the region takes them.
 */
import type { LogPosition, MutationLog } from "@meridian/log";
import type { MeridianError, WriterId } from "@meridian/words";

/** What a reader works with. */
export interface PeerReaderDeps {
  readonly log: MutationLog;
  readonly writer: WriterId;
  readonly after: string | undefined;
  readonly onRecord: (writer: WriterId, position: string, bytes: Buffer) => void;
  /** True where the region takes more of this writer. */
  readonly wants: () => boolean;
  readonly onFailure: (writer: WriterId, error: MeridianError) => void;
}

/** See the module's comment. */
export class PeerReader {
  readonly #deps: PeerReaderDeps;
  readonly #abort = new AbortController();
  #wake: (() => void) | undefined;
  #ended: Promise<void> | undefined;

  constructor(deps: PeerReaderDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#ended = this.#run();
  }

  /** The region may take more now. */
  poke(): void {
    if (this.#wake && this.#deps.wants()) this.#wake();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#wake?.();
    await this.#ended;
  }

  async #run(): Promise<void> {
    const { log, writer, after, onRecord, onFailure } = this.#deps;
    try {
      for await (const records of log.read(writer, after as LogPosition | undefined, this.#abort.signal)) {
        for (const { position, bytes } of records) onRecord(writer, position, bytes);
        await this.#room();
        if (this.#abort.signal.aborted) return;
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) onFailure(writer, error as MeridianError);
    }
  }

  async #room(): Promise<void> {
    while (!this.#deps.wants() && !this.#abort.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }
}
