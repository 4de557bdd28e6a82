/**
 * `POST /policies`: tries, proposes or takes back a change of the policies of one captured server.
 *
 * The body is JSON: `{"action": "try" | "propose" | "cancel", "rows": [{"prefix", "policy"}], "server"}`. `rows` is the whole
 * table that is to follow, `server` may be left out where there is one. Answers 200 with what becomes of the keys of each prefix,
 * 409 where the change is refused, with the reason, 400 for what cannot be read, 503 where the server is not followed now.
 * Where a change stands is told by `/status`.
 */
import { parsePolicy, POLICIES_MAX, PolicyTable, policyText, transitionsOf, type Policy, type PolicyRow, type Region } from "@meridian/region";
import { jsonReply, type HttpReply } from "@meridian/shell";

/** The longest prefix, in characters: what is longer is a key rather than a prefix. */
export const PREFIX_CHARS_MAX = 512;

/** What is asked of a pipeline. */
export interface PolicyRequest {
  readonly action: "try" | "propose" | "cancel";
  readonly table: PolicyTable;
}

/** What becomes of it. */
export interface PolicyReply {
  /** Empty: it was done. */
  readonly refusal: string;
  readonly transitions: readonly { readonly prefix: string; readonly from: string; readonly to: string; readonly kind: string }[];
}

/** Asks the pipeline of a server; undefined: it is not there, or does not run now. */
export type ChangePolicies = (server: string | undefined, asked: PolicyRequest) => PolicyReply | undefined;

/** Carries out a request. */
export function policyReply({ policies }: Region, { action, table }: PolicyRequest): PolicyReply {
  if (action === "cancel") return { refusal: policies.cancel(), transitions: [] };
  const transitions = transitionsOf(policies.status.table, table).map(({ prefix, from, to, kind }) => {
    return { prefix: Buffer.from(prefix, "latin1").toString("utf8"), from: policyText(from), to: policyText(to), kind };
  });
  if (transitions.length === 0) return { refusal: "it is the table that runs", transitions };
  return { refusal: policies.propose(table, action === "try"), transitions };
}

/** Answers one request. */
export function policiesReply(body: unknown, change: ChangePolicies): HttpReply {
  const { action, rows = [], server } = (typeof body === "object" && body !== null ? body : {}) as Readonly<Record<string, unknown>>;
  if (action !== "try" && action !== "propose" && action !== "cancel") return refused(`action ${JSON.stringify(action)}`, "try, propose, cancel");
  if (server !== undefined && typeof server !== "string") return refused("server", "the name of a captured server");
  const table = tableFrom(rows);
  if (typeof table === "string") return refused(table, `at most ${POLICIES_MAX} rows of a prefix and a policy, each prefix once`);
  const reply = change(server, { action, table });
  if (!reply) return jsonReply(503, { error: "no such server, or it is not followed now" });
  return jsonReply(reply.refusal === "" ? 200 : 409, reply);
}

function refused(found: string, allowed: string): HttpReply {
  return jsonReply(400, { error: found, allowed });
}

function tableFrom(rows: unknown): PolicyTable | string {
  if (!Array.isArray(rows) || rows.length > POLICIES_MAX) return "rows";
  const read: PolicyRow[] = [];
  for (const row of rows as readonly unknown[]) {
    const { prefix, policy } = (typeof row === "object" && row !== null ? row : {}) as Readonly<Record<string, unknown>>;
    if (typeof prefix !== "string" || typeof policy !== "string" || prefix.length > PREFIX_CHARS_MAX) return `row ${JSON.stringify(row)}`;
    const parsed: Policy | string = parsePolicy(policy);
    if (typeof parsed === "string") return `${prefix}=${policy}: ${parsed}`;
    const name = Buffer.from(prefix, "utf8").toString("latin1");
    if (read.some((known) => known.prefix === name)) return `${JSON.stringify(prefix)} a second time`;
    read.push({ prefix: name, policy: parsed });
  }
  return new PolicyTable(read);
}
