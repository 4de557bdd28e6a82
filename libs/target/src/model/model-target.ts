/**
 * The {@link Target} port over a {@link ServerModel}: for tests that want the port and no server. Calls take effect at
 * once and are answered in order; the model's clock is an argument.
 */
import type { ApplyBatch, ReadRequest } from "@meridian/mark";
import type { ApplyReply, FenceReply, ReadStatus, ScanPage, ServerFacts, Target } from "../port.js";
import type { ServerModel } from "./server-model.js";

/** See the module's comment. */
export class ModelTarget implements Target {
  readonly #model: ServerModel;
  readonly #nowMs: () => number;

  constructor(model: ServerModel, nowMs: () => number) {
    this.#model = model;
    this.#nowMs = nowMs;
  }

  fence(beyond = 0): Promise<FenceReply> {
    return Promise.resolve(this.#model.fence(this.#nowMs(), beyond));
  }

  apply(batch: ApplyBatch): Promise<ApplyReply> {
    return Promise.resolve(this.#model.apply(batch, this.#nowMs()));
  }

  read(request: ReadRequest, epoch: number, byteLimit: number): Promise<ReadStatus> {
    return Promise.resolve(this.#model.read(request, epoch, byteLimit, this.#nowMs()));
  }

  scan(db: number, cursor: string, count: number): Promise<ScanPage> {
    return Promise.resolve(this.#model.scan(db, cursor, count, this.#nowMs()));
  }

  info(): Promise<ServerFacts> {
    return Promise.resolve({
      kind: "redis",
      version: "7.0.15",
      runId: "model",
      role: "master",
      clusterEnabled: false,
      replicationId: "0".repeat(40),
      replicationOffset: this.#model.offset,
      usedMemoryBytes: 0,
      maxMemoryBytes: 0,
      maxMemoryPolicy: "noeviction",
      evictedKeys: 0,
      modules: [],
      keysWithFieldDeadlines: 0,
      databases: this.#model.databases,
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
