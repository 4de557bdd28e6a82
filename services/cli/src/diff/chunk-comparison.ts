/**
 * Reads one chunk of keys from all servers and says which are not the same.
 *
 * A few rounds, each one write per server however many keys: type and deadline; size; value; groups of streams. Every other server is
 * compared with the first one. What is found is a suspicion: the servers are read one after the other, so a key that
 * changed in between looks different.
 */
import { createHash, type Hash } from "node:crypto";
import type { Reply } from "@meridian/resp";
import type { CompareSettings, Difference } from "./compare-report.js";
import { DifferenceLines } from "./difference-lines.js";
import { compareLarge } from "./large-value.js";
import { compareGroups, GROUPS_COMMAND, groupNames } from "./stream-groups.js";
import { accepted, type ServerConnection } from "./server-connection.js";
import { bytesOf } from "./value-differences.js";
import { valueType, type ValueType } from "./value-type.js";

/** A server as the comparison sees it. */
export interface ComparedServer {
  readonly connection: ServerConnection;
  /** PEXPIRETIME is known (Redis 7 and later); otherwise deadlines are reckoned from PTTL. */
  readonly hasExpireTime: boolean;
  /** Server's clock minus ours. */
  readonly clockAheadMs: number;
}

/** A key that looked different. */
export interface Suspicion {
  readonly key: Buffer;
  readonly kind: Difference["kind"];
  readonly type: string;
  readonly lines: readonly string[];
  /** Equal for two readings that saw the same on every server. */
  readonly signature: string;
  /** Places of the servers that lack the key. */
  readonly absentOn: readonly number[];
  /**
   * Our time (ms since 1970) when a deadline that is near has passed everywhere, or one that passed while the key was read; 0 where
   * there is none.
   */
  readonly expiresAtMs: number;
}

/** What a chunk held. */
export interface ChunkResult {
  /** Types of the keys that exist anywhere, in any order. */
  readonly types: readonly string[];
  readonly withDeadline: number;
  readonly suspicions: readonly Suspicion[];
}

interface Head {
  readonly type: string;
  /** Deadline in ms since 1970 by the server's clock; -1 none, {@link NO_KEY} absent. */
  readonly deadlineMs: number;
}

/** Values asked for at once, in bytes as far as sizes tell. */
const ROUND_BYTES_MAX = 4 * 1024 * 1024;
const ABSENT = "none";
/** What PEXPIRETIME and PTTL say of a key that is not there. */
const NO_KEY = -2;

/** Compares the selected databases of several servers, chunk by chunk. */
export class ChunkComparison {
  readonly #servers: readonly ComparedServer[];
  readonly #settings: CompareSettings;

  constructor(servers: readonly ComparedServer[], settings: CompareSettings) {
    this.#servers = servers;
    this.#settings = settings;
  }

  /** Reads and compares `keys`. */
  async compare(keys: readonly Buffer[]): Promise<ChunkResult> {
    const heads = await Promise.all(this.#servers.map((server) => readHeads(server, keys)));
    const work = keys.map((key, index) => new KeyComparison(key, heads.map((of) => of[index]!)));
    const present = work.filter((item) => item.heads.some(({ type }) => type !== ABSENT));
    const readable = present.filter((item) => item.sameType);
    const small = await this.#measure(readable);
    for (const round of rounds(small)) await this.#compareWhole(round);
    await this.#compareGroups(readable.filter(({ type }) => type === "stream"));
    const suspicions: Suspicion[] = [];
    for (const item of present) {
      const suspicion = this.#judge(item);
      if (suspicion !== undefined) suspicions.push(suspicion);
    }
    return {
      types: present.map((item) => item.type),
      withDeadline: present.filter((item) => item.heads.some(({ deadlineMs }) => deadlineMs >= 0)).length,
      suspicions,
    };
  }

  /** Asks for sizes, compares large values, gives back the others. */
  async #measure(items: readonly KeyComparison[]): Promise<KeyComparison[]> {
    const sized = items.filter((item) => item.valueType.sizeCommand !== undefined);
    const sizes = await Promise.all(this.#servers.map(({ connection }) => this.#sizes(connection, sized)));
    const large = new Set<KeyComparison>();
    for (const [index, item] of sized.entries()) {
      const ofItem = sizes.map((of) => of[index]!);
      item.sizeMax = Math.max(...ofItem);
      if (item.sizeMax <= item.valueType.wholeMax) continue;
      large.add(item);
      for (const [other, { connection }] of this.#others()) {
        const pair = { a: this.#servers[0]!.connection, b: connection, names: this.#names(other) };
        await compareLarge(item.type, item.key, pair, [ofItem[0]!, ofItem[other]!], item.lines);
      }
    }
    return items.filter((item) => !large.has(item));
  }

  async #sizes(connection: ServerConnection, items: readonly KeyComparison[]): Promise<number[]> {
    const replies = await connection.batch((writer) => {
      for (const item of items) writer.command([item.valueType.sizeCommand!, item.key]);
    });
    return replies.map((reply) => (typeof reply === "number" ? reply : 0)); // an error: the type changed; seen at the read
  }

  async #compareWhole(items: readonly KeyComparison[]): Promise<void> {
    const replies = await Promise.all(
      this.#servers.map(({ connection }) =>
        connection.batch((writer) => {
          for (const { key, valueType: type } of items) {
            const [name, ...rest] = type.readCommand;
            writer.command([name, key, ...rest]);
          }
        }),
      ),
    );
    for (const [index, item] of items.entries()) {
      item.values = replies.map((of, server) => readable(of[index]!, this.#servers[server]!, item));
      for (const [other] of this.#others()) {
        item.valueType.compare(item.values[0]!, item.values[other]!, this.#names(other), item.lines);
      }
    }
  }

  async #compareGroups(items: readonly KeyComparison[]): Promise<void> {
    if (items.length === 0) return;
    const replies = await Promise.all(
      this.#servers.map(({ connection }) =>
        connection.batch((writer) => {
          for (const { key } of items) writer.command([...GROUPS_COMMAND, key]);
        }),
      ),
    );
    for (const [index, item] of items.entries()) {
      // An error: the key went away or changed its type; that is seen when it is read again.
      item.groups = replies.map((of) => groupNames(of[index]!));
      for (const [other] of this.#others()) compareGroups(item.groups[0]!, item.groups[other]!, this.#names(other), item.lines);
    }
  }

  #judge(item: KeyComparison): Suspicion | undefined {
    const deadlineLines = item.sameType ? this.#deadlineLines(item.heads) : [];
    if (item.sameType && item.lines.count === 0 && deadlineLines.length === 0) return undefined;
    const kind = item.sameType ? (item.lines.count > 0 ? "value" : "expiry") : item.heads.some(absent) ? "missing" : "type";
    return {
      key: item.key,
      kind,
      type: item.type,
      lines: item.sameType ? [...item.lines.lines(), ...deadlineLines] : [this.#presenceLine(item.heads)],
      signature: item.signature(),
      absentOn: [...item.heads.keys()].filter((at) => absent(item.heads[at]!)),
      expiresAtMs: this.#expiresAtMs(item.heads),
    };
  }

  #deadlineLines(heads: readonly Head[]): string[] {
    const first = heads[0]!.deadlineMs;
    const lines: string[] = [];
    for (const [other] of this.#others()) {
      const second = heads[other]!.deadlineMs;
      const same = first < 0 || second < 0 ? first === second : Math.abs(first - second) <= this.#settings.ttlToleranceMs;
      if (!same) {
        const names = this.#names(other);
        lines.push(`expiry: ${names.a} ${deadlineText(first)}, ${names.b} ${deadlineText(second)}`);
      }
    }
    return lines;
  }

  #presenceLine(heads: readonly Head[]): string {
    return heads.map(({ type }, index) => `${this.#name(index)} ${type === ABSENT ? "absent" : type}`).join(", ");
  }

  /** Where a deadline is near or passed on one server, when it has passed on all, by our clock. */
  #expiresAtMs(heads: readonly Head[]): number {
    const nowMs = Date.now();
    const deadlines = heads.flatMap((head, index) => {
      if (head.deadlineMs >= 0) return [head.deadlineMs - this.#servers[index]!.clockAheadMs];
      return goneSinceType(head) ? [nowMs] : [];
    });
    if (!deadlines.some((deadlineMs) => deadlineMs - nowMs <= this.#settings.expiryMarginMs)) return 0;
    return Math.min(Math.max(...deadlines), nowMs + this.#settings.expiryMarginMs);
  }

  *#others(): Generator<readonly [number, ComparedServer]> {
    for (let index = 1; index < this.#servers.length; index += 1) yield [index, this.#servers[index]!];
  }

  #name(index: number): string {
    return this.#servers[index]!.connection.address.name;
  }

  #names(other: number): { a: string; b: string } {
    return { a: this.#name(0), b: this.#name(other) };
  }
}

/** One key while it is being compared. */
class KeyComparison {
  readonly key: Buffer;
  readonly heads: readonly Head[];
  readonly lines = new DifferenceLines();
  readonly type: string;
  readonly sameType: boolean;
  readonly valueType: ValueType;
  sizeMax = 0;
  values: readonly Reply[] = [];
  /** Of a stream: its groups on each server. */
  groups: readonly (readonly string[])[] = [];

  constructor(key: Buffer, heads: readonly Head[]) {
    this.key = key;
    this.heads = heads;
    this.type = heads.find(({ type }) => type !== ABSENT)?.type ?? ABSENT;
    this.sameType = heads.every(({ type }) => type === this.type);
    this.valueType = valueType(this.type);
  }

  signature(): string {
    const hash = createHash("sha1");
    for (const { type, deadlineMs } of this.heads) hash.update(`${type} ${deadlineMs};`);
    for (const value of this.values) digestInto(hash, value);
    for (const groups of this.groups) hash.update(JSON.stringify(groups));
    if (this.values.length === 0) hash.update(this.lines.lines().join("\n"));
    return hash.digest("base64");
  }
}

function absent({ type }: Head): boolean {
  return type === ABSENT;
}

/** The key was there when its type was asked for, and no more when its deadline was. */
function goneSinceType({ type, deadlineMs }: Head): boolean {
  return type !== ABSENT && deadlineMs === NO_KEY;
}

function digestInto(hash: Hash, reply: Reply): void {
  if (!Array.isArray(reply)) {
    const bytes = bytesOf(reply);
    hash.update(`${bytes.length}:`).update(bytes);
    return;
  }
  hash.update(`[${reply.length}`);
  for (const item of reply) digestInto(hash, item);
}

async function readHeads({ connection, hasExpireTime, clockAheadMs }: ComparedServer, keys: readonly Buffer[]): Promise<Head[]> {
  const expireCommand = hasExpireTime ? "PEXPIRETIME" : "PTTL";
  const replies = await connection.batch((writer) => {
    for (const key of keys) {
      writer.command(["TYPE", key]);
      writer.command([expireCommand, key]);
    }
  });
  const serverNowMs = Date.now() + clockAheadMs;
  return keys.map((_, index) => {
    const type = bytesOf(accepted(replies[index * 2]!, connection.address, "TYPE")).toString();
    const expiry = Number(accepted(replies[index * 2 + 1]!, connection.address, expireCommand));
    return { type, deadlineMs: hasExpireTime || expiry < 0 ? expiry : serverNowMs + expiry };
  });
}

/** An error instead of a value: the key changed its type between two rounds, so it will be read again. */
function readable(reply: Reply, server: ComparedServer, item: KeyComparison): Reply {
  const isChange = typeof reply === "object" && reply !== null && "code" in reply && reply.code === "WRONGTYPE";
  if (isChange) {
    item.lines.add(() => `its type changed while it was read`);
    return null;
  }
  return accepted(reply, server.connection.address, item.valueType.readCommand[0]);
}

function* rounds(items: readonly KeyComparison[]): Generator<KeyComparison[]> {
  let round: KeyComparison[] = [];
  let bytes = 0;
  for (const item of items) {
    round.push(item);
    bytes += item.sizeMax * item.valueType.unitBytes;
    if (bytes < ROUND_BYTES_MAX) continue;
    yield round;
    round = [];
    bytes = 0;
  }
  if (round.length > 0) yield round;
}

function deadlineText(deadlineMs: number): string {
  if (deadlineMs === -1) return "never";
  return deadlineMs === NO_KEY ? "gone" : new Date(deadlineMs).toISOString();
}
