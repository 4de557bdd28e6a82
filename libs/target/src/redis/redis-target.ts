/**
 * The target on a real server: three scripts over one raw connection.
 *
 * Promise: calls take effect in the order made, also across a SCRIPT FLUSH (calls that found no script are held,
 * the scripts loaded again, and the calls sent in their order), and with `waitsForMemory` across a time at maxmemory: a
 * batch that the server has no room for is held with everything behind it, and tried again every
 * {@link FULL_PAUSE_MS}. A lost connection rejects everything in flight with a retryable error; reconnecting is the owner's
 * business. Refuses, when connecting, servers that the scripts cannot work on (`SERVER_UNSUPPORTED`) and users without the
 * rights that batches need (`SERVER_REFUSED`, naming the commands).
 */
import { commandNamed, type ForeignCommand } from "@meridian/commands";
import { decodeMark, MARK_KEY, type ApplyBatch, type ReadRequest } from "@meridian/mark";
import { ReplyError, type CommandArgument, type Reply } from "@meridian/resp";
import { MeridianError } from "@meridian/words";
import { createHash } from "node:crypto";
import type { ApplyReply, ApplyStatus, FenceReply, ReadStatus, ScanPage, ServerFacts, Target } from "../port.js";
import { APPLY_SCRIPT } from "../script/apply-script.js";
import { FENCE_SCRIPT } from "../script/fence-script.js";
import { PREFLIGHT_SCRIPT } from "../script/preflight-script.js";
import { READ_SCRIPT } from "../script/read-script.js";
import { foreignCommands } from "./command-list.js";
import { replyFailure } from "./reply-failure.js";
import { ServerConnection, type ConnectionOptionsOfServer } from "./server-connection.js";
import { parseServerFacts, refuseUnsupported } from "./server-facts.js";

/** How to reach the server, and as whom. */
export interface RedisTargetOptions extends ConnectionOptionsOfServer {
  readonly username?: string;
  readonly password?: string;
  /** For CLIENT LIST: letters, digits, `:`, `-`. */
  readonly clientName: string;
  /** Batches may hold messages: the right to publish is needed. */
  readonly messages?: boolean;
  /** A batch for which the server has no memory waits until it has; otherwise it is rejected (`SERVER_REFUSED`). */
  readonly waitsForMemory?: boolean;
}

const SCRIPTS = [APPLY_SCRIPT, READ_SCRIPT, FENCE_SCRIPT, PREFLIGHT_SCRIPT];
const [APPLY_SHA = "", READ_SHA = "", FENCE_SHA = "", PREFLIGHT_SHA = ""] = SCRIPTS.map(sha1);

/** How long a signal's key stays where its removal was lost, in ms. */
const SIGNAL_MS = 60_000;

/** How long a batch waits that the server had no memory for, in ms. */
export const FULL_PAUSE_MS = 250;

interface ScriptCall {
  readonly number: number;
  /** It waits where the server has no memory for it. */
  readonly canWait: boolean;
  readonly args: CommandArgument[];
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: MeridianError) => void;
}

/** See the module's comment. Made by {@link RedisTarget.connect}. */
export class RedisTarget implements Target {
  readonly #connection: ServerConnection;
  #calls = 0;
  #scriptsInFlight = 0;
  /** Calls that wait until the scripts are loaded again, or until there is memory; undefined where none waits. */
  #held: ScriptCall[] | undefined;
  #lacksScripts = false;
  #fullSinceMs: number | undefined;
  #fullTimer: NodeJS.Timeout | undefined;
  readonly #waitsForMemory: boolean;
  /** Of the last batch that was sent under this lease, where batches may wait: what is read behind it must find it applied. */
  #lastSeq = 0;

  private constructor(connection: ServerConnection, waitsForMemory: boolean) {
    this.#connection = connection;
    this.#waitsForMemory = waitsForMemory;
  }

  /** Connects, authenticates, checks the server and loads the scripts. */
  static async connect(options: RedisTargetOptions): Promise<RedisTarget> {
    const connection = await ServerConnection.open(options);
    try {
      const { username, password, clientName } = options;
      if (password !== undefined) {
        await ask(connection, ["AUTH", ...(username === undefined ? [] : [utf8(username)]), utf8(password)], "authenticate");
      }
      await ask(connection, ["CLIENT", "SETNAME", clientName], "name the connection");
      const target = new RedisTarget(connection, options.waitsForMemory === true);
      refuseUnsupported(await target.info());
      await target.#load();
      await target.#preflight(options.messages === true ? ["messages"] : []);
      return target;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /** Since when a batch waits because the server is at maxmemory (wall clock, ms); undefined: none does. */
  get fullSinceMs(): number | undefined {
    return this.#fullSinceMs;
  }

  async fence(beyond = 0): Promise<FenceReply> {
    this.#lastSeq = 0;
    const reply = await this.#script([FENCE_SHA, "0", beyond], "fence");
    const [epoch, mark] = reply as [number, Buffer];
    return { epoch, mark: decodeMark(mark) };
  }

  async apply(batch: ApplyBatch): Promise<ApplyReply> {
    if (this.#waitsForMemory) this.#lastSeq = batch.seq;
    const reply = await this.#script([APPLY_SHA, "0", ...batch.args], "apply", this.#waitsForMemory);
    const [status, epoch, seq, skipped] = reply as [Buffer, number, number, number];
    return { status: status.toString("latin1") as ApplyStatus, epoch, seq, skipped };
  }

  async read(request: ReadRequest, epoch: number, byteLimit: number): Promise<ReadStatus> {
    const args: CommandArgument[] = [READ_SHA, "0", epoch, request.id, byteLimit, this.#lastSeq];
    for (const { db, key, first, whole } of request.keys) args.push(first ? `f${db}` : whole ? `w${db}` : db, key);
    return ((await this.#script(args, "read")) as Buffer).toString("latin1") as ReadStatus;
  }

  async scan(db: number, cursor: string, count: number): Promise<ScanPage> {
    // the scripts rely on database 0, so both switches go out together with the scan
    const [, page] = await Promise.all([
      ask(this.#connection, ["SELECT", db], "select"),
      ask(this.#connection, ["SCAN", cursor, "COUNT", count], "scan"),
      ask(this.#connection, ["SELECT", 0], "select"),
    ]);
    const [next, keys] = page as [Buffer, Buffer[]];
    return { cursor: next.toString("latin1"), keys: keys.map((key) => key.toString("latin1")) };
  }

  /** Whether the mark is there. Being asked for makes it one of the keys that were used last. */
  async hasMark(): Promise<boolean> {
    return ((await ask(this.#connection, ["STRLEN", MARK_KEY], "say whether the mark is there")) as number) > 0;
  }

  /** Writes a key of ours in database 0, once, and removes it: a place in the stream that can be told. */
  async signal(key: string): Promise<void> {
    await Promise.all([
      ask(this.#connection, ["SET", key, "", "PX", SIGNAL_MS], "set a key under meridian:"),
      ask(this.#connection, ["DEL", key], "remove a key under meridian:"),
    ]);
  }

  async info(): Promise<ServerFacts> {
    return parseServerFacts(((await ask(this.#connection, ["INFO"], "describe itself")) as Buffer).toString("latin1"));
  }

  /** Write commands that the table does not have, by the server's own account. Rejects with `SERVER_REFUSED` without the right to ask. */
  async foreignCommands(): Promise<ForeignCommand[]> {
    const reply = await ask(this.#connection, ["COMMAND"], "list its commands");
    return foreignCommands(reply, (name) => commandNamed(name) !== undefined);
  }

  async close(): Promise<void> {
    clearTimeout(this.#fullTimer);
    await this.#connection.close();
    const error = new MeridianError("SERVER_UNAVAILABLE", "the connection was closed", { advice: "connect again", retryable: true });
    for (const call of this.#takeHeld()) call.reject(error);
  }

  async #preflight(beyond: readonly string[]): Promise<void> {
    const refused = (await this.#script([PREFLIGHT_SHA, "0", ...beyond], "try the commands that batches need")) as Buffer[];
    if (refused.length === 0) return;
    throw new MeridianError("SERVER_REFUSED", `the agent's user lacks rights: ${refused.map(String).join("; ")}`, {
      advice: "give the user the rights of TARGET_RIGHTS, as in the example of deploy/",
    });
  }

  async #script(args: CommandArgument[], doing: string, canWait = false): Promise<Reply> {
    const reply = await new Promise<Reply>((resolve, reject) => {
      const call = { number: this.#calls++, canWait, args: ["EVALSHA", ...args], resolve, reject };
      if (this.#held === undefined) this.#send(call);
      else this.#held.push(call);
    });
    if (reply instanceof ReplyError) throw replyFailure(reply, doing);
    return reply;
  }

  #send(call: ScriptCall): void {
    this.#scriptsInFlight += 1;
    this.#connection.send(call.args, (reply) => this.#onReply(call, reply), (error) => this.#onLost(call, error));
  }

  #onReply(call: ScriptCall, reply: Reply): void {
    this.#scriptsInFlight -= 1;
    if (isNoScript(reply)) this.#lacksScripts = true;
    else if (call.canWait && isOutOfMemory(reply)) this.#fullSinceMs ??= Date.now();
    else if (this.#held === undefined || !isGap(reply)) {
      call.resolve(reply);
      if (call.canWait) this.#fullSinceMs = undefined;
      if (this.#held !== undefined && this.#scriptsInFlight === 0) this.#goOn();
      return;
    }
    // A batch behind one that was not carried out finds its predecessor missing, and so does a read: they go again too.
    this.#held ??= [];
    this.#held.push(call);
    if (this.#scriptsInFlight === 0) this.#goOn();
  }

  /** Every call was answered, and some were not carried out. */
  #goOn(): void {
    if (this.#lacksScripts) void this.#reload();
    else if (this.#fullSinceMs === undefined) for (const call of this.#takeHeld()) this.#send(call);
    else this.#fullTimer = setTimeout(() => this.#tryFirst(), FULL_PAUSE_MS);
  }

  /** The first of those that wait finds out whether there is memory; the others follow when it was carried out. */
  #tryFirst(): void {
    const [first, ...others] = this.#takeHeld();
    this.#held = others;
    if (first !== undefined) this.#send(first);
  }

  #onLost(call: ScriptCall, error: MeridianError): void {
    this.#scriptsInFlight -= 1;
    call.reject(error);
    for (const other of this.#takeHeld()) other.reject(error);
  }

  async #reload(): Promise<void> {
    const failure = await this.#load().then(
      () => undefined,
      (error: unknown) => error as MeridianError,
    );
    this.#lacksScripts = false;
    for (const call of this.#takeHeld()) {
      if (failure === undefined) this.#send(call);
      else call.reject(failure);
    }
  }

  /** All that wait, in the order in which they were made; from here on none does. */
  #takeHeld(): ScriptCall[] {
    const held = (this.#held ?? []).sort((a, b) => a.number - b.number);
    this.#held = undefined;
    return held;
  }

  async #load(): Promise<void> {
    await Promise.all(SCRIPTS.map((source) => ask(this.#connection, ["SCRIPT", "LOAD", source], "load a script")));
  }
}

async function ask(connection: ServerConnection, args: readonly CommandArgument[], doing: string): Promise<Reply> {
  const reply = await connection.call(args);
  if (reply instanceof ReplyError) throw replyFailure(reply, doing);
  return reply;
}

function isNoScript(reply: Reply): boolean {
  return reply instanceof ReplyError && reply.code === "NOSCRIPT";
}

function isOutOfMemory(reply: Reply): boolean {
  return reply instanceof ReplyError && reply.code === "OOM";
}

function isGap(reply: Reply): boolean {
  const status = Array.isArray(reply) ? reply[0] : reply;
  return Buffer.isBuffer(status) && status.toString("latin1") === "GAP";
}

function sha1(source: string): string {
  return createHash("sha1").update(source).digest("hex");
}

function utf8(text: string): Buffer {
  return Buffer.from(text, "utf8");
}
