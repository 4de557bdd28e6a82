/** What clients do: commands on few, hot keys, drawn from the families that the run's settings name. */
import { NAME_BYTES_MAX } from "@meridian/region";
import type { ClientCommand } from "./event.js";
import { KEPT, RELAYED } from "../checkers/message-check.js";
import { REGISTER_PREFIX, SWITCHED_PREFIX } from "./policies.js";
import { Random } from "../random.js";
import { FIRST_RESIDENT } from "./residents.js";
import type { Family, SimSettings } from "../settings.js";

/** Longest transaction, in commands. */
const GROUP_MAX = 4;
/** Counters of floats that clients only ever increment, by steps of which a server adds many without rounding, begin with this. */
export const PURE_FLOAT = "q";
const FLOAT_STEPS = ["0.1", "-0.3", "1.25", "1", "2.5", "-1"];
const PREFIX: Readonly<Record<Family, string>> = { string: "s", counter: "c", pure: "n", hash: "h", set: "e", zset: "z", list: "l", sketch: "p", stream: "x", float: "d" };
/** Content beyond the size up to which the agent remembers values whole. */
const LONG = "-".repeat(40);

/** What makes names too long to stand in those of the store's records: these hold a digest then. */
const LONG_NAME = "~".repeat(NAME_BYTES_MAX);

/** Values of lists that commands name again. */
const LISTED_MAX = 6;

/** Draws commands. Values are mostly new, so that a checker can tell where each came from. */
export class Workload {
  readonly #settings: SimSettings;
  readonly #random: Random;
  #values = 0;
  #ids = 0;
  #messages = 0;
  readonly #told: Random;
  readonly #listed: string[] = [];
  /** Behind every name of a key or field. */
  readonly #behind: string;

  constructor(settings: SimSettings, random: Random) {
    this.#settings = settings;
    this.#random = random;
    this.#told = new Random(settings.seed);
    this.#behind = settings.longNames ? LONG_NAME : "";
  }

  /** One command, or the commands of a transaction. `nowMs`: the server's clock. */
  next(nowMs: number): ClientCommand[] {
    const count = this.#random.chance(this.#settings.groups) ? this.#random.between(2, GROUP_MAX) : 1;
    const commands = [this.#command(nowMs)];
    while (commands.length < count) commands.push(this.#command(nowMs));
    return this.#settings.messages ? this.#withMessage(commands, this.#settings.messages.share) : commands;
  }

  /** A message beside what is written, or alone. Drawn apart. */
  #withMessage(commands: ClientCommand[], share: number): ClientCommand[] {
    const random = this.#told;
    if (!random.chance(share)) return commands;
    this.#messages += 1;
    const message = ["PUBLISH", random.chance(0.9) ? RELAYED : KEPT, `m${this.#messages}`];
    if (random.chance(0.5)) return [message];
    return random.chance(0.7) ? [...commands, message] : [message, ...commands];
  }

  #command(nowMs: number): ClientCommand {
    const random = this.#random;
    const { expiries, deletes, renames } = this.#settings;
    const family = random.pick(this.#settings.families);
    const key = this.#key(family);
    if (family === "float" && random.chance(0.3)) return ["INCRBYFLOAT", key.replace("d", PURE_FLOAT), random.pick(FLOAT_STEPS)];
    if (family === "pure") return ["INCRBY", key, String(random.between(-3, 9) || 1)];
    if (random.chance(expiries)) return this.#expiry(family, key, nowMs);
    if (random.chance(deletes * 0.4)) return [random.pick(["DEL", "DEL", "UNLINK"]), key];
    if (random.chance(renames)) return ["RENAME", key, this.#renamed(family, key)];
    return this.#write(family, key);
  }

  #write(family: Exclude<Family, "pure">, key: string): ClientCommand {
    switch (family) {
      case "string":
        return this.#string(key);
      case "counter":
        return this.#counter(key);
      case "hash":
        return this.#hash(key);
      case "set":
        return this.#set(key);
      case "zset":
        return this.#zset(key);
      case "list":
        return this.#list(key);
      case "sketch":
        return this.#sketch(key);
      case "stream":
        return this.#stream(key);
      case "float":
        return this.#float(key);
    }
  }

  #key(family: Family): string {
    return `${this.#shortKey(family)}${this.#behind}`;
  }

  #shortKey(family: Family): string {
    const number = this.#number();
    if (this.#settings.switches && family !== "pure" && this.#random.chance(0.6)) return `${SWITCHED_PREFIX}${PREFIX[family]}${number}`;
    if (this.#settings.registers && number === 0 && family !== "pure") return this.#random.chance(0.5) ? `${REGISTER_PREFIX}0` : `${REGISTER_PREFIX}${PREFIX[family]}`;
    return this.#settings.clashes && family !== "pure" ? `k${number}` : `${PREFIX[family]}${number}`;
  }

  #number(): number {
    const { residents, keysPerFamily } = this.#settings;
    if (residents.length > 0 && this.#random.chance(0.6)) return FIRST_RESIDENT + this.#random.below(residents.length);
    return this.#random.below(keysPerFamily);
  }

  /** A register may have come to another type than the family's, and would take it along. */
  #renamed(family: Family, from: string): string {
    const to = this.#key(family);
    return from.startsWith(REGISTER_PREFIX) && !to.startsWith(REGISTER_PREFIX) ? from : to;
  }

  #value(): string {
    const random = this.#random;
    if (random.chance(0.15)) return random.pick(["same", "7"]);
    this.#values += 1;
    return `v${this.#values}${random.chance(this.#settings.longValues) ? LONG : ""}`;
  }

  #amount(): string {
    return String(this.#random.between(-5, 20) || 2);
  }

  #string(key: string): ClientCommand {
    const random = this.#random;
    if (random.chance(this.#settings.edits)) return ["APPEND", key, this.#value()];
    if (random.chance(0.1)) return ["MSET", key, this.#value(), this.#key("string"), this.#value()];
    if (random.chance(0.1)) return ["SET", key, this.#value(), random.pick(["NX", "XX", "KEEPTTL"])];
    return ["SET", key, this.#value()];
  }

  #counter(key: string): ClientCommand {
    const random = this.#random;
    if (random.chance(0.15)) return ["SET", key, String(random.between(0, 200))];
    if (random.chance(0.1)) return [random.pick(["INCR", "DECR"]), key];
    return ["INCRBY", key, this.#amount()];
  }

  #field(): string {
    return `f${this.#random.below(this.#settings.fieldsPerKey)}${this.#behind}`;
  }

  #hash(key: string): ClientCommand {
    const random = this.#random;
    if (random.chance(this.#settings.deletes)) return ["HDEL", key, this.#field(), ...(random.chance(0.3) ? [this.#field()] : [])];
    // Numbers have fields of their own: HINCRBY of a field that holds a text is refused and tests nothing.
    if (random.chance(0.4)) return random.chance(0.2) ? ["HSET", key, `i${this.#field()}`, this.#amount()] : ["HINCRBY", key, `i${this.#field()}`, this.#amount()];
    if (random.chance(0.2)) return ["HSET", key, this.#field(), this.#value(), this.#field(), this.#value()];
    return ["HSET", key, this.#field(), this.#value()];
  }

  #set(key: string): ClientCommand {
    const random = this.#random;
    if (random.chance(this.#settings.deletes)) return ["SREM", key, this.#field(), ...(random.chance(0.3) ? [this.#field()] : [])];
    if (random.chance(0.1)) return ["SPOP", key];
    return ["SADD", key, this.#field(), ...(random.chance(0.3) ? [this.#field()] : [])];
  }

  #zset(key: string): ClientCommand {
    const random = this.#random;
    if (random.chance(this.#settings.deletes)) return ["ZREM", key, this.#field()];
    const score = random.pick(["1", "2", "0.1", "0.2", "-3.5", "1e20"]);
    if (random.chance(0.4)) return ["ZINCRBY", key, score, this.#field()];
    if (random.chance(0.3)) return ["ZADD", key, random.pick(["NX", "XX", "GT", "LT"]), score, this.#field()];
    return ["ZADD", key, score, this.#field()];
  }

  #list(key: string): ClientCommand {
    const random = this.#random;
    if (random.chance(0.2)) return [random.pick(["LPOP", "RPOP"]), key, ...(random.chance(0.3) ? [String(random.between(1, 3))] : [])];
    if (random.chance(this.#settings.listEdits)) return this.#listEdit(key);
    const values = Array.from({ length: random.pick([1, 1, 2, 3]) }, () => this.#listValue());
    return [random.chance(0.1) ? random.pick(["LPUSHX", "RPUSHX"]) : random.pick(["LPUSH", "RPUSH"]), key, ...values];
  }

  #listEdit(key: string): ClientCommand {
    const random = this.#random;
    const index = String(random.between(-3, 3));
    switch (random.below(6)) {
      case 0:
        return ["LSET", key, index, this.#listValue()];
      case 1:
        return ["LREM", key, String(random.between(-2, 2)), this.#knownValue()];
      case 2:
        return ["LTRIM", key, String(random.between(-3, 1)), random.pick(["-1", "-2", "2", "1"])];
      case 3:
        return random.chance(0.3) ? ["RPOPLPUSH", key, this.#key("list")] : ["LMOVE", key, this.#key("list"), random.pick(["LEFT", "RIGHT"]), random.pick(["LEFT", "RIGHT"])];
      default:
        return ["LINSERT", key, random.pick(["BEFORE", "AFTER"]), this.#knownValue(), this.#listValue()];
    }
  }

  #listValue(): string {
    const value = this.#value();
    this.#listed.push(value);
    if (this.#listed.length > LISTED_MAX) this.#listed.shift();
    return value;
  }

  /** A value that was put into a list lately, wherever. */
  #knownValue(): string {
    return this.#listed.length === 0 ? "same" : this.#random.pick(this.#listed);
  }

  /** Few elements, so that they meet; many at once take a sketch beyond what is stored sparse. */
  #sketch(key: string): ClientCommand {
    const random = this.#random;
    if (random.chance(0.15)) return ["PFCOUNT", key];
    if (random.chance(0.15)) return ["PFMERGE", key, this.#key("sketch")];
    if (random.chance(this.#settings.edits)) return ["SET", key, this.#value()];
    if (random.chance(0.01)) return ["PFADD", key, ...Array.from({ length: 1200 }, (_, at) => `m${at}`)];
    return ["PFADD", key, `m${random.below(50)}`];
  }

  /** Ids grow with the run, and few commands ask for others: those of different regions meet, and some come late. */
  #stream(key: string): ClientCommand {
    const random = this.#random;
    this.#ids += random.between(0, 1);
    const id = (): string => `${this.#ids + random.between(1, 6)}-${random.pick(["0", "0", "1"])}`;
    if (random.chance(0.12)) return this.#group(key);
    if (random.chance(this.#settings.deletes)) return ["XDEL", key, id(), ...(random.chance(0.3) ? [`${random.between(1, 12)}-0`] : [])];
    if (random.chance(0.08)) return ["XTRIM", key, ...this.#trim(id)];
    if (random.chance(0.03)) return ["XSETID", key, id()];
    const trim = random.chance(0.2) ? this.#trim(id) : [];
    const option = random.chance(0.1) ? ["NOMKSTREAM"] : [];
    return ["XADD", key, ...option, ...trim, random.chance(0.2) ? "*" : id(), "f", this.#value(), ...(random.chance(0.1) ? ["g", ""] : [])];
  }

  #trim(id: () => string): string[] {
    const random = this.#random;
    return random.chance(0.5) ? ["MAXLEN", random.pick(["0", "1", "2", "3"])] : ["MINID", "=", id()];
  }

  #group(key: string): ClientCommand {
    const random = this.#random;
    const name = `g${random.below(2)}`;
    if (random.chance(0.4)) return ["XGROUP", "DESTROY", key, name];
    return ["XGROUP", "CREATE", key, name, random.pick(["0", "$"]), ...(random.chance(0.5) ? ["MKSTREAM"] : [])];
  }

  /** Some sums are rounded by the server; whole ones may be incremented as integers too. A hash's fields are its own. */
  #float(key: string): ClientCommand {
    const random = this.#random;
    const step = random.pick([...FLOAT_STEPS, "0.1", "200.1", "3.0e2", "-1234.56", "0.00000000000000001"]);
    if (random.chance(0.4)) return this.#floatField(`${key}h`, step);
    if (random.chance(0.1)) return ["INCRBY", key, this.#amount()];
    if (random.chance(0.1)) return ["SET", key, random.pick(["1.5", "7", "2.50", "5.0e3", this.#value()])];
    if (random.chance(0.1)) return ["SET", key, random.pick(["1.5", "7", "0.25"]), "KEEPTTL"];
    if (random.chance(0.05)) return ["MSET", key, "3.5", this.#key("float"), "4"];
    return ["INCRBYFLOAT", key, step];
  }

  #floatField(key: string, step: string): ClientCommand {
    const random = this.#random;
    if (random.chance(this.#settings.deletes)) return ["HDEL", key, this.#field()];
    if (random.chance(0.2)) return ["HSET", key, this.#field(), random.pick(["1.5", "3", this.#value()])];
    if (random.chance(0.05)) return ["HSET", key, this.#field(), "0.5", this.#field(), "2"];
    if (random.chance(0.1)) return ["HINCRBY", key, this.#field(), this.#amount()];
    return ["HINCRBYFLOAT", key, this.#field(), step];
  }

  /** Deadlines are near, so that they pass during the run, or so far that none does. */
  #expiry(family: Family, key: string, nowMs: number): ClientCommand {
    const random = this.#random;
    const far = random.chance(0.5);
    const ms = far ? random.between(1, 9) * 100_000_000 : random.between(1, 1500);
    if (family === "string" && random.chance(0.3)) return ["SET", key, this.#value(), "PX", String(ms)];
    if (random.chance(0.2)) return ["PERSIST", key];
    if (random.chance(0.1)) return ["PEXPIREAT", key, String(nowMs - 1)];
    return ["PEXPIRE", key, String(ms), ...(random.chance(0.2) ? [random.pick(["NX", "XX", "GT", "LT"])] : [])];
  }
}
