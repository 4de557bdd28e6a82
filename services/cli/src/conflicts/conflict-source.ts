/**
 * Reads the conflict ledgers of agents, as /conflicts tells them. A conflict that several regions have recorded is told
 * once, with the regions that did. Refuses, with `AGENT_UNAVAILABLE`, what is not such an answer.
 */
import { MeridianError } from "@meridian/words";
import { fetchStatus, POLL_TIMEOUT_MS } from "../status/agent-poll.js";

/** Bytes as agents tell them. */
export type ToldBytes = string | { readonly base64: string };

/** One write as agents tell it. */
export interface ToldWrite {
  /** `region/server`. */
  readonly writer: string;
  readonly version: number;
  readonly atMs: number;
}

/** One conflict as agents tell it. */
export interface Conflict {
  readonly id: string;
  readonly atMs: number;
  readonly rule: string;
  readonly db: number;
  readonly kind: string;
  readonly key: ToldBytes;
  readonly field: ToldBytes;
  readonly loser: ToldWrite;
  readonly winner?: ToldWrite;
  /** The losing value, where it was kept. */
  readonly value?: ToldBytes;
  readonly valueBytes?: number;
  /** What lost is the removal of a key that is one register. */
  readonly isRemoval?: boolean;
  /** What is visible instead, where it is short. */
  readonly visible?: ToldBytes;
  /** Regions whose ledgers hold it. */
  readonly recordedBy: readonly string[];
}

/** Parameters of /conflicts. */
export type ConflictFilter = Readonly<Record<string, string>>;

/** One ledger: an agent's, of one of its servers. */
export interface LedgerAddress {
  readonly url: string;
  readonly region: string;
  readonly server: string;
}

/** One answer of a ledger. */
export interface LedgerPage {
  readonly conflicts: readonly Conflict[];
  readonly next: number;
  readonly isEnd: boolean;
}

interface LedgerAnswer {
  readonly records?: readonly Omit<Conflict, "recordedBy">[];
  readonly next?: number;
  readonly isEnd?: boolean;
  readonly error?: string;
  readonly allowed?: string;
}

/** The ledgers of agents. Throws `AGENT_UNAVAILABLE`. */
export async function ledgersOf(urls: readonly string[]): Promise<LedgerAddress[]> {
  const all = await Promise.all(
    urls.map(async (url) => {
      const { region, pipelines } = await fetchStatus(url);
      return pipelines.map(({ server }) => ({ url: url.replace(/\/$/, ""), region, server }));
    }),
  );
  return all.flat();
}

/** Reads a page. Throws `AGENT_UNAVAILABLE`, or `BAD_OPTION` where the agent refuses a parameter. */
export async function readLedger({ url, region, server }: LedgerAddress, filter: ConflictFilter): Promise<LedgerPage> {
  const asked = new URLSearchParams({ ...filter, server });
  const signal = AbortSignal.timeout(POLL_TIMEOUT_MS);
  const answer = await fetch(`${url}/conflicts?${asked.toString()}`, { signal }).catch((error: unknown) => {
    throw unavailable(url, (error as Error).message);
  });
  const json = (await answer.json().catch((): unknown => ({}))) as LedgerAnswer;
  if (answer.status === 400) {
    const advice = `allowed: ${json.allowed ?? "see its help"}`;
    throw new MeridianError("BAD_OPTION", `the agent at ${url} refuses ${json.error ?? "the question"}`, { advice });
  }
  const { records, next = 0, isEnd = true } = json;
  if (!answer.ok || !records) throw unavailable(url, json.error ?? `it answered ${answer.status}`);
  return { conflicts: records.map((record) => ({ ...record, recordedBy: [region] })), next, isEnd };
}

/** The newest conflicts of all ledgers, each once, oldest first; at most `limit`. */
export async function newestConflicts(ledgers: readonly LedgerAddress[], filter: ConflictFilter, limit: number): Promise<Conflict[]> {
  const pages = await Promise.all(ledgers.map((ledger) => newestOf(ledger, filter, limit)));
  return joined(pages.flat()).slice(-limit);
}

async function newestOf(ledger: LedgerAddress, filter: ConflictFilter, limit: number): Promise<Conflict[]> {
  const found: Conflict[] = [];
  let before = 0;
  do {
    const page = await readLedger(ledger, { ...filter, before: String(before), limit: String(Math.min(1_000, limit - found.length)) });
    found.push(...page.conflicts);
    if (page.isEnd) break;
    before = page.next;
  } while (found.length < limit);
  return found;
}

/** The same conflict of several regions told as one; by time. */
export function joined(conflicts: readonly Conflict[]): Conflict[] {
  const byId = new Map<string, Conflict>();
  for (const conflict of conflicts) {
    const known = byId.get(conflict.id);
    if (!known) byId.set(conflict.id, conflict);
    else {
      // One region may have kept the value that another had not at hand.
      const whole = known.value === undefined ? { ...known, ...valueOf(conflict) } : known;
      const recordedBy = [...new Set([...known.recordedBy, ...conflict.recordedBy])].sort();
      byId.set(conflict.id, { ...whole, atMs: Math.min(known.atMs, conflict.atMs), recordedBy });
    }
  }
  return [...byId.values()].sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
}

function valueOf({ value, valueBytes }: Conflict): Pick<Conflict, "value" | "valueBytes"> {
  return { ...(value === undefined ? {} : { value }), ...(valueBytes === undefined ? {} : { valueBytes }) };
}

/** The bytes. */
export function bytesTold(told: ToldBytes): Buffer {
  return typeof told === "string" ? Buffer.from(told, "utf8") : Buffer.from(told.base64, "base64");
}

function unavailable(url: string, reason: string): MeridianError {
  return new MeridianError("AGENT_UNAVAILABLE", `the ledger of the agent at ${url} cannot be read: ${reason}`, {
    advice: "check that it runs, that the address is right, and that it is no older than this command",
    retryable: true,
  });
}
