/** What goes to one log: the frame being built, and frames that are closed. Knows where the transaction at hand began. */
import { cutFrame, FrameBuilder, type FrameMessage, type FramePlace } from "@meridian/wire";
import { groupOf, HLC_ZERO, type Hlc, type ReadonlyVector, type WriterId } from "@meridian/words";

/** A frame that is to be published. */
export interface ClosedFrame {
  readonly message: FrameMessage;
  readonly bytes: number;
  /** It goes on with the unit of the frame before. */
  readonly continues: boolean;
}

/** Where a transaction began. */
interface UnitStart extends FramePlace {
  /** Frames closed before. */
  frames: number;
  lastInFrame: Hlc;
  /** Mutations and bytes of rows before. */
  rows: number;
  rowBytes: number;
}

/** See the module's comment. */
export class Lane {
  readonly writer: WriterId;
  readonly group: string;
  readonly builder = new FrameBuilder();
  frames: ClosedFrame[] = [];
  previous: Hlc;
  last: Hlc;
  /** The unit at hand has a mutation here. */
  isBegun = false;
  readonly #start: UnitStart;
  /** Mutations and bytes of rows in closed frames, ever. */
  #closedRows = 0;
  #closedBytes = 0;

  constructor(writer: WriterId, last: Hlc) {
    this.writer = writer;
    this.group = groupOf(writer);
    this.previous = last;
    this.last = last;
    this.#start = { mutations: 0, bytes: 0, last: HLC_ZERO, single: true, frames: 0, lastInFrame: last, rows: 0, rowBytes: 0 };
  }

  closeFrame(context: ReadonlyVector): void {
    if (this.builder.mutations === 0) return;
    const { bytes, continues, mutations } = this.builder;
    this.#closedRows += mutations;
    this.#closedBytes += bytes;
    this.frames.push({ message: this.builder.finish(this.previous, context), bytes, continues });
    this.previous = this.last;
  }

  /** A transaction begins here, which {@link drop} takes back. No frame is taken away until it has ended. */
  begin(): void {
    const start = this.#start;
    this.builder.note(start);
    start.frames = this.frames.length;
    start.lastInFrame = this.last;
    start.rows = this.#closedRows + start.mutations;
    start.rowBytes = this.#closedBytes + start.bytes;
  }

  /** Mutations since {@link begin}. */
  get rowsSince(): number {
    return this.#closedRows + this.builder.mutations - this.#start.rows;
  }

  /** Bytes of rows since {@link begin}. */
  get bytesSince(): number {
    return this.#closedBytes + this.builder.bytes - this.#start.rowBytes;
  }

  /** Takes back what was added since {@link begin}. `context`: for the frame at hand. */
  drop(context: ReadonlyVector): void {
    const start = this.#start;
    this.closeFrame(context);
    const [first] = this.frames.splice(start.frames);
    if (first && start.mutations > 0) {
      this.frames.push({ message: cutFrame(first.message, start), bytes: start.bytes, continues: first.continues });
    }
    this.last = start.lastInFrame;
    this.previous = start.lastInFrame;
  }
}
