import { DEADLINE_NO_KEY, DEADLINE_NONE, encodeReadResult, OP, READ_KEY, READ_TTL_MS, type ApplyBatch, type CellName } from "@meridian/mark";
import { MemoryStore } from "@meridian/store";
import { HLC_ZERO, MutationKind, VersionVector, type Hlc } from "@meridian/words";
import { expect, test } from "vitest";
import { at, NOW_MS, recordOf, RegionBed, US, type SaidMutation } from "../region-bed.js";
import { VANISHING_MS } from "./server-deadlines.js";

const K = MutationKind;
const KEY = "h";
/** How long a server is about each script. */
const SCRIPT_MS = 3;
/** After it a deadline falls that was past when it was laid. */
const OVERDUE_MS = 20;

/** A server that holds one hash, drops it at its deadline when it is next asked for it, and runs batches and reads. */
class HashServer {
  readonly fields = new Map<string, string>();
  deadlineMs = DEADLINE_NONE;
  /** What the hash held, each time that a script left it without a deadline. */
  readonly undying: string[][] = [];
  readonly #bed: RegionBed;

  constructor(bed: RegionBed) {
    this.#bed = bed;
  }

  /** Runs all scripts that it was sent since. */
  run(): void {
    for (const batch of this.#bed.batches.splice(0)) this.#apply(batch);
    for (const { id } of this.#bed.reads.splice(0)) this.#read(id);
  }

  #lookup(): void {
    this.#bed.nowMs += SCRIPT_MS;
    if (this.deadlineMs < 0 || this.deadlineMs > this.#bed.nowMs) return;
    this.fields.clear();
    this.deadlineMs = DEADLINE_NONE;
    this.#bed.feed(["DEL", KEY]);
  }

  #apply(batch: ApplyBatch): void {
    this.#lookup();
    const args = batch.args.map(String);
    const skipped: CellName[] = [];
    const [wasThere, wasTimed] = [this.fields.size > 0, this.deadlineMs];
    let isLost = false;
    for (let at = 4; at < args.length; ) {
      const [op, , field = "", , value = ""] = args.slice(at, at + 5) as [string, ...string[]];
      if (op.startsWith(OP.requireKey)) {
        isLost = !wasThere;
        at += 2;
      } else if (op.startsWith(OP.setField)) {
        if (isLost || this.fields.has(field)) skipped.push({ db: 0, kind: "h", key: KEY, field });
        else this.fields.set(field, value);
        at += 5;
      } else if (op.startsWith(OP.setExpiry)) {
        const [expected, deadline] = [Number(field), Number(args[at + 3])];
        const matches = expected === (wasThere ? wasTimed : DEADLINE_NO_KEY);
        if (isLost || !matches) skipped.push({ db: 0, kind: "t", key: KEY, field: "" });
        else this.deadlineMs = deadline <= this.#bed.nowMs ? this.#bed.nowMs + OVERDUE_MS : deadline;
        at += 5;
      } else throw new Error(`no operation ${op}`);
    }
    if (this.fields.size > 0 && this.deadlineMs === DEADLINE_NONE) this.undying.push([...this.fields.keys()]);
    this.#bed.echo(batch, skipped);
  }

  #read(id: number): void {
    this.#lookup();
    const items = [...this.fields].flat().map((text) => Buffer.from(text, "latin1"));
    const type = items.length > 0 ? "hash" : "none";
    const value = { db: 0, key: KEY, type, deadlineMs: this.deadlineMs, ...(items.length > 0 && { items }) } as const;
    const result = encodeReadResult({ id, epoch: 1, values: [value] });
    this.#bed.feed(["MULTI"], ["SET", READ_KEY, result, "PXAT", String(this.#bed.nowMs + READ_TTL_MS)], ["DEL", READ_KEY], ["EXEC"]);
  }
}

/** A peer that writes record after record. */
class Peer {
  readonly #bed: RegionBed;
  #last: Hlc = HLC_ZERO;
  #records = 0;

  constructor(bed: RegionBed) {
    this.#bed = bed;
  }

  write(...mutations: readonly SaidMutation[]): void {
    const hlc = at(this.#bed.nowMs - NOW_MS, this.#records);
    const record = recordOf(US, this.#last, new VersionVector(), ...mutations.map((m) => ({ key: KEY, hlc, ...m })));
    this.#bed.region.onRecord(US, String(this.#records), record);
    this.#last = hlc;
    this.#records += 1;
  }
}

/** Steps until nothing is under way; undefined: more than `stepsMax`. */
function stepsToRest(bed: RegionBed, server: HashServer, stepsMax: number): number | undefined {
  for (let step = 0; step < stepsMax; step += 1) {
    if (bed.isSettled) return step;
    server.run();
  }
  return undefined;
}

function field(name: number | string): SaidMutation {
  return { kind: K.PutField, field: `f${name}`, value: "v" };
}

/** A hash of so many fields stands in the server, and is to live for so long. */
function hashOf(fields: number, livesMs: number): { bed: RegionBed; server: HashServer; peer: Peer } {
  const bed = RegionBed.ready(new MemoryStore());
  const server = new HashServer(bed);
  const peer = new Peer(bed);
  const all = Array.from({ length: fields }, (_, i) => field(i));
  for (let from = 0; from < fields; from += 200) peer.write(...all.slice(from, from + 200));
  expect(stepsToRest(bed, server, 30)).toBeDefined();
  peer.write({ kind: K.PutExpiry, number: bed.nowMs + livesMs });
  expect(stepsToRest(bed, server, 3)).toBeDefined();
  expect(server.fields.size).toBe(fields);
  server.undying.splice(0);
  return { bed, server, peer };
}

test("a field that comes when the server has just dropped its key is not written alone, without the deadline", () => {
  const { bed, server, peer } = hashOf(2, 1000);
  bed.nowMs += 990;
  peer.write(field("late"));
  bed.flush();
  bed.nowMs += 20;
  expect(stepsToRest(bed, server, 5)).toBeDefined();
  expect([server.undying, [...server.fields]]).toEqual([[], []]);
});

test("a large hash whose deadline passes between two batches comes to rest", () => {
  const { bed, server, peer } = hashOf(5000, 1000);
  bed.nowMs += 990;
  for (let i = 0; i < 3; i += 1) peer.write(field(`late${i}`));
  bed.flush();
  bed.nowMs += 20;
  expect(stepsToRest(bed, server, 60)).toBeDefined();
  expect([server.undying, [...server.fields]]).toEqual([[], []]);
});

test("nor does it go round in circles where the server stood still for so long that a field was written alone", () => {
  const { bed, server, peer } = hashOf(5000, VANISHING_MS + 3000);
  bed.nowMs += 2000;
  peer.write(field("late"));
  bed.flush();
  bed.nowMs += VANISHING_MS + 2000;
  expect(stepsToRest(bed, server, 60)).toBeDefined();
  expect(server.undying.at(0)).toEqual(["flate"]);
  expect([...server.fields]).toEqual([]);
});
