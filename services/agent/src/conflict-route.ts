/**
 * `/conflicts`: pages of the conflict ledger of one captured server.
 *
 * Asks by `id` (or its beginning), `db`, `key`, `prefix`, `rule`, `region` (of the loser or the winner), `since` and `until`
 * (ms since 1970), `server` (the only one, where there is one). `after=<n>` reads on behind n, oldest first: ask again with
 * the answer's `next` to follow. `before=<n>` reads newest first; 0 begins with the newest. `limit`: 1 to 1,000.
 *
 * Keys and values are text where they are UTF-8, otherwise `{"base64": ...}`. What cannot be read is refused with 400.
 */
import { CONFLICT_RULES, valueOfPrint, type ConflictPage, type ConflictQuery, type ConflictRule } from "@meridian/region";
import { jsonReply, type HttpReply } from "@meridian/shell";
import { hlcMs, type Dot } from "@meridian/words";

/** Most records in one answer, and how many where nothing is said. */
const LIMIT_MAX = 1_000;
const LIMIT = 100;

const NUMBERS = ["db", "since", "until", "after", "before", "limit"] as const;
const TEXTS = ["id", "key", "prefix", "rule", "region", "server"] as const;

/** Reads the ledger of a server; undefined: it is not there, or cannot be read now. */
export type ReadLedger = (server: string | undefined, query: ConflictQuery) => ConflictPage | undefined;

/** Answers one request. */
export function conflictsReply(asked: URLSearchParams, read: ReadLedger): HttpReply {
  const known: readonly string[] = [...NUMBERS, ...TEXTS];
  for (const name of asked.keys()) if (!known.includes(name)) return refused(`there is no parameter ${name}`, known.join(", "));
  const numbers = new Map<string, number>();
  for (const name of NUMBERS) {
    const text = asked.get(name);
    if (text === null) continue;
    if (!/^\d{1,15}$/.test(text)) return refused(`${name}=${text}`, "a whole number");
    numbers.set(name, Number(text));
  }
  const rule = asked.get("rule") ?? undefined;
  if (rule !== undefined && !(CONFLICT_RULES as readonly string[]).includes(rule)) return refused(`rule=${rule}`, CONFLICT_RULES.join(", "));
  const page = read(asked.get("server") ?? undefined, {
    id: asked.get("id") ?? undefined,
    key: binary(asked.get("key")),
    prefix: binary(asked.get("prefix")),
    region: asked.get("region") ?? undefined,
    rule: rule as ConflictRule | undefined,
    db: numbers.get("db"),
    sinceMs: numbers.get("since"),
    untilMs: numbers.get("until"),
    after: numbers.get("after"),
    before: numbers.get("before"),
    limit: Math.min(LIMIT_MAX, numbers.get("limit") || LIMIT),
  });
  if (!page) return jsonReply(503, { error: "no such server, or its store is not open" });
  return jsonReply(200, { ...page, records: page.records.map(recordJson) });
}

function refused(found: string, allowed: string): HttpReply {
  return jsonReply(400, { error: found, allowed });
}

function recordJson(record: ConflictPage["records"][number]): object {
  const { id, atMs, rule, db, key, kind, field, loser, winner, value, valueBytes, print, winnerPrint } = record;
  return {
    id, atMs, rule, db, kind,
    key: textOrBase64(Buffer.from(key, "latin1")),
    field: textOrBase64(Buffer.from(field, "latin1")),
    loser: writeJson(loser),
    winner: winner && writeJson(winner),
    value: value && textOrBase64(value),
    valueBytes,
    isRemoval: rule === "lww" && print === "" ? true : undefined,
    visible: visibleOf(winnerPrint),
  };
}

function writeJson({ writer, hlc }: Dot): object {
  return { writer, version: hlc, atMs: hlcMs(hlc) };
}

function visibleOf(print: string): unknown {
  const bytes = valueOfPrint(print);
  return bytes ? textOrBase64(bytes) : undefined;
}

function textOrBase64(bytes: Buffer): string | { readonly base64: string } {
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : { base64: bytes.toString("base64") };
}

function binary(text: string | null): string | undefined {
  return text === null ? undefined : Buffer.from(text, "utf8").toString("latin1");
}
