/**
 * The conformance probe: learns how a server rewrites commands in its replication stream, by sending the examples of the
 * command table under keys of its own and reading them back through a real tail.
 *
 * Promises to write, and to delete afterwards, only keys under {@link PROBE_PREFIX} in database 0, which are never
 * replicated; that other clients' traffic does not disturb it; that whatever the table does not know is named. Refuses
 * servers in cluster mode and replicas (`SERVER_UNSUPPORTED`). What the user may not do is not tried, and named.
 */
import { randomUUID } from "node:crypto";
import { alternativesOf, commandNamed, exampleKeys, exampleWords, matchingAlternative, type CommandName, type Example } from "@meridian/commands";
import { ReplyError, type Reply } from "@meridian/resp";
import { MeridianError } from "@meridian/words";
import { ReplicaTail } from "../replica-tail.js";
import type { TailOptions } from "../tail-options.js";
import { PROBE_END, PROBE_PREFIX, ProbeStream } from "./probe-stream.js";
import { probedRows, type ProbedRow } from "./probed-rows.js";
import { meaningOf, type NotTried, type ProbeReport, type UnknownForm } from "./probe-report.js";

/** Sends one command and answers with its reply; error replies are values. */
export type ProbeCall = (args: readonly (string | Buffer)[]) => Promise<Reply>;

/** What a probe works with. */
export interface ProbeOptions {
  /** Where the stream is read; the user needs the rights of a replica. */
  readonly tail: TailOptions;
  /** A connection of its own to the same server, logged in. */
  readonly call: ProbeCall;
  /** Only these rows; all by default. */
  readonly names?: readonly CommandName[];
}

/** How long the stream may take to carry what was executed. */
const STREAM_WAIT_MS = 15_000;
/** The table's word for a command that the stream does not carry. */
const NOTHING = "nothing";
const FLAGS_OF_WRITES = ["write", "may_replicate"];
const text = (words: readonly (string | Buffer)[]): string =>
  words.map((word) => (typeof word === "string" ? word : word.toString("latin1"))).join(" ").replaceAll(PROBE_PREFIX, "");

/** Probes a server. Throws `SERVER_UNSUPPORTED`, and what the tail throws. */
export async function probeServer(options: ProbeOptions): Promise<ProbeReport> {
  const { kind, version } = await factsOf(options.call);
  const { rows, notTried } = probedRows(kind, version, options.names);
  const stream = new ProbeStream();
  let lose: (error: MeridianError) => void = () => undefined;
  const lost = new Promise<never>((_, reject) => (lose = reject));
  lost.catch(() => undefined);
  const tail = new ReplicaTail(options.tail, { onChunk: (chunk) => stream.push(chunk), onLost: (error) => lose(error) });
  const attached = await tail.attach();
  tail.ack(attached.offset);
  const run = new ProbeRun(options.call, stream, lost, version);
  try {
    for (const row of rows) await run.tryRow(row);
    const unlisted = options.names === undefined ? await run.unlisted() : [];
    return { kind, version, ...run.counts, unknown: run.unknown, unlisted, notTried: [...notTried, ...run.notTried] };
  } finally {
    await run.clean();
    await tail.close();
  }
}

async function factsOf(call: ProbeCall): Promise<{ kind: "redis" | "valkey"; version: string }> {
  const answer = await call(["INFO"]);
  const info = Buffer.isBuffer(answer) ? answer.toString("latin1") : "";
  const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? "";
  const refuse = (why: string): never => {
    throw new MeridianError("SERVER_UNSUPPORTED", `this server cannot be probed: ${why}`, { advice: "probe a master outside of cluster mode" });
  };
  const version = field("valkey_version") || field("redis_version");
  if (version === "") refuse(answer instanceof ReplyError ? answer.message : "it does not name its version in INFO");
  if (field("cluster_enabled") === "1") refuse("it runs in cluster mode");
  if (field("role") === "slave") refuse("it is a replica");
  return { kind: field("valkey_version") === "" ? "redis" : "valkey", version };
}

/** The server's refusal of a command, with its words. */
class Refused extends Error {}

class ProbeRun {
  readonly unknown: UnknownForm[] = [];
  readonly notTried: NotTried[] = [];
  readonly counts = { commands: 0, examples: 0 };
  readonly #call: ProbeCall;
  readonly #stream: ProbeStream;
  readonly #lost: Promise<never>;
  readonly #version: string;
  readonly #token = randomUUID();
  readonly #keys = new Set<string>([PROBE_END]);
  #marks = 0;

  constructor(call: ProbeCall, stream: ProbeStream, lost: Promise<never>, version: string) {
    this.#call = call;
    this.#stream = stream;
    this.#lost = lost;
    this.#version = version;
  }

  /** Tries every example of a row, until one cannot be tried or came in an unknown form. */
  async tryRow({ row, examples }: ProbedRow): Promise<void> {
    const shown = new Set<string>();
    for (const example of examples) {
      const outcome = await this.#tryExample(example).catch((error: unknown) => {
        if (error instanceof Refused) return error;
        throw error;
      });
      if (outcome instanceof Refused) {
        this.notTried.push({ command: row.name, reason: outcome.message });
        return;
      }
      this.counts.examples += 1;
      if (shown.size === 0) this.counts.commands += 1;
      const alternative = matchingAlternative(row.stream, outcome.sent, outcome.carried, this.#version);
      if (alternative === undefined) return this.#note(row, text(outcome.sent), outcome.carried);
      shown.add(alternative);
    }
    // Each example may be without effect by the table; all of them together are not.
    const isMute = shown.size === 1 && shown.has(NOTHING);
    if (isMute && alternativesOf(row.stream, this.#version).length > 1) this.#note(row, "all examples", []);
  }

  #note(row: ProbedRow["row"], sent: string, carried: readonly (readonly string[])[]): void {
    const unlisted = carried.map(([name = ""]) => name).filter((name) => commandNamed(name.toLowerCase()) === undefined);
    const meaning = meaningOf(row.treatment, carried, unlisted);
    this.unknown.push({ command: row.name, sent, carried: carried.map(text).join("; ") || NOTHING, expected: row.stream, meaning });
  }

  /** Write commands of the server without a row. */
  async unlisted(): Promise<string[]> {
    const reply = await this.#call(["COMMAND"]);
    if (!Array.isArray(reply)) {
      this.notTried.push({ command: "command", reason: reply instanceof ReplyError ? reply.message : "no list" });
      return [];
    }
    return namesOfWrites(reply).filter((name) => commandNamed(name) === undefined).sort();
  }

  /** Deletes every key that the probe may have made. */
  async clean(): Promise<void> {
    await this.#call(["DEL", ...this.#keys]).catch(() => undefined);
  }

  async #tryExample(example: Example): Promise<{ sent: string[]; carried: readonly (readonly string[])[] }> {
    const keys = exampleKeys(example).map((key) => PROBE_PREFIX + key);
    for (const key of keys) this.#keys.add(key);
    if (keys.length > 0) await this.#ask(["DEL", ...keys]);
    for (const command of example.slice(0, -1)) await this.#ask(await this.#words(command));
    const subject = await this.#words(example.at(-1) ?? "");
    await this.#mark();
    await this.#ask(subject);
    return { sent: subject.map((word) => word.toString("latin1")), carried: await this.#mark() };
  }

  #words(command: Example[number]): Promise<Buffer[]> {
    const ask = async (args: readonly (string | Buffer)[]): Promise<Buffer> => {
      const reply = await this.#ask(args);
      return Buffer.isBuffer(reply) ? reply : Buffer.from(wordOf(reply));
    };
    return exampleWords(command, { prefix: PROBE_PREFIX, ask });
  }

  async #ask(args: readonly (string | Buffer)[]): Promise<Reply> {
    const reply = await this.#call(args);
    if (reply instanceof ReplyError) throw new Refused(reply.message);
    return reply;
  }

  /** What the stream has carried since the last mark. */
  async #mark(): Promise<readonly (readonly string[])[]> {
    this.#marks += 1;
    const mark = `${this.#token} ${this.#marks}`;
    const carried = this.#stream.until(mark);
    await this.#ask(["SET", PROBE_END, mark]);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(tooLate()), STREAM_WAIT_MS);
    });
    try {
      return await Promise.race([carried, this.#lost, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function tooLate(): MeridianError {
  const message = `the stream did not carry a write of the probe within ${STREAM_WAIT_MS} ms`;
  return new MeridianError("SERVER_UNAVAILABLE", message, { advice: "probe again when the server is less busy", retryable: true });
}

/** Names of a COMMAND reply's write commands, subcommands as `container|subcommand`. */
function namesOfWrites(reply: readonly Reply[]): string[] {
  return reply.flatMap((entry) => {
    if (!Array.isArray(entry)) return [];
    const [name, , flags, , , , , , , below] = entry as readonly Reply[];
    const words = (Array.isArray(flags) ? flags : []).map((flag: Reply) => wordOf(flag));
    const writes = words.some((flag) => FLAGS_OF_WRITES.includes(flag));
    const inner = Array.isArray(below) ? namesOfWrites(below) : [];
    return writes ? [wordOf(name).toLowerCase(), ...inner] : inner;
  });
}

function wordOf(reply: Reply | undefined): string {
  return Buffer.isBuffer(reply) ? reply.toString("latin1") : typeof reply === "string" ? reply : "";
}
