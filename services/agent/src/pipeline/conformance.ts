/**
 * Before a server is followed for the first time, and again when its version has changed: does it rewrite commands in its
 * stream as the command table says? Refuses to go on (`UNKNOWN_REWRITE`) where it does not, unless it is told to accept.
 */
import { isObserved } from "@meridian/commands";
import { isConforming, probeServer, SHORT_PROBE, type ProbeReport } from "@meridian/psync";
import type { Logger } from "@meridian/shell";
import type { Store } from "@meridian/store";
import { ServerConnection, type ServerFacts } from "@meridian/target";
import { MeridianError } from "@meridian/words";
import type { Endpoint } from "../endpoint.js";

/** When to probe: `auto` where the agent is the default user, who may run every command of the probe. */
export type ProbeWhen = "auto" | "always" | "never";

/** What a check works with. */
export interface ConformanceCheck {
  readonly endpoint: Endpoint;
  readonly facts: ServerFacts;
  readonly store: Store;
  readonly logger: Logger;
  readonly probe: ProbeWhen;
  readonly acceptUnknown: boolean;
  readonly connectTimeoutMs: number;
  readonly replyTimeoutMs: number;
}

/** Where the store remembers which version was found to conform. */
const KEY = "probed";

/** What an operator should know of it, one sentence each. Throws `UNKNOWN_REWRITE`, and what the probe throws. */
export async function checkConformance(check: ConformanceCheck): Promise<string[]> {
  const { facts, store, logger, probe } = check;
  const name = `${facts.kind} ${facts.version}`;
  if (probe === "never" || (probe === "auto" && check.endpoint.username !== undefined)) {
    return isObserved(facts.kind, facts.version) ? [] : [`the stream of ${name} was never observed and this agent does not probe it: run meridian probe once`];
  }
  if (store.get("state", KEY)?.toString() === name) return [];
  const report = await probed(check);
  if (isConforming(report)) {
    if (report.notTried.length === 0) store.commit([{ table: "state", key: KEY, value: Buffer.from(name) }]);
    else logger.warn({ notTried: report.notTried }, `not all forms of ${name} could be tried`);
    logger.info({ commands: report.commands, examples: report.examples }, `${name} rewrites commands as it is known to`);
    return [];
  }
  const found = report.unknown.map(({ command, carried }) => `${command} (came as ${carried})`).join(", ");
  if (check.acceptUnknown) return [`${name} rewrites commands in a way that is not known, accepted by option: ${found}`];
  throw new MeridianError("UNKNOWN_REWRITE", `${name} rewrites commands in its stream in a way that is not known: ${found}`, {
    advice: "run meridian probe for what each means; keep this server out of the mesh, or set capture.acceptUnknownRewrites",
  });
}

async function probed({ endpoint, connectTimeoutMs, replyTimeoutMs, logger }: ConformanceCheck): Promise<ProbeReport> {
  const { username, password, ...address } = endpoint;
  const connection = await ServerConnection.open({ ...address, connectTimeoutMs, replyTimeoutMs });
  try {
    if (password !== undefined) await connection.call(["AUTH", ...(username === undefined ? [] : [username]), password]);
    const call = (args: readonly (string | Buffer)[]): ReturnType<ServerConnection["call"]> => connection.call(args);
    return await probeServer({ tail: { ...endpoint, connectTimeoutMs, logger }, call, names: SHORT_PROBE });
  } finally {
    await connection.close();
  }
}
