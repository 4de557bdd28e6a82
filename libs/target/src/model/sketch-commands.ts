/** HyperLogLog: strings of their own format. A count that had to be computed is stored, and told to the stream. */
import { ReplyError, type Reply } from "@meridian/resp";
import { SKETCH_REGISTERS } from "@meridian/merge";
import { arg, created, OK, typed, wrongArity, type CommandContext, type CommandTable } from "./command.js";
import { addElement, countOf, raiseRegisters, registersOf, sketchBytes } from "./registers.js";

const NO_SKETCH = new ReplyError("WRONGTYPE Key is not a valid HyperLogLog string value.");
const CACHE_AT = 8;
const CACHE_BYTES = 8;
const STALE = 0x80;

/** The commands of this module by lower-case name. */
export const SKETCH_COMMANDS: CommandTable = {
  pfadd(context, args) {
    const held = registersAt(context, arg(args, 1));
    if (held instanceof ReplyError) return held;
    const registers = held ?? new Uint8Array(SKETCH_REGISTERS);
    let changed = held === undefined;
    for (const element of args.slice(2)) changed = addElement(registers, element) || changed;
    if (!changed) return 0;
    store(context, arg(args, 1), registers);
    context.emit(args);
    return 1;
  },
  pfcount(context, args) {
    if (args.length < 2) return wrongArity("pfcount");
    const union = new Uint8Array(SKETCH_REGISTERS);
    for (const key of args.slice(1)) {
      const registers = registersAt(context, key);
      if (registers instanceof ReplyError) return registers;
      if (registers) raiseRegisters(union, registers);
    }
    const count = countOf(union);
    if (args.length === 2) keepCount(context, args, count);
    return count;
  },
  pfmerge(context, args) {
    if (args.length < 2) return wrongArity("pfmerge");
    const union = new Uint8Array(SKETCH_REGISTERS);
    for (const key of args.slice(1)) {
      const registers = registersAt(context, key);
      if (registers instanceof ReplyError) return registers;
      if (registers) raiseRegisters(union, registers);
    }
    store(context, arg(args, 1), union);
    context.emit(args);
    return OK;
  },
};

function registersAt(context: CommandContext, key: string): Uint8Array | undefined | ReplyError {
  const entry = typed(context, key, "string");
  if (entry === undefined || entry instanceof ReplyError) return entry;
  return registersOf(entry.value) ?? NO_SKETCH;
}

function store(context: CommandContext, key: string, registers: Uint8Array): void {
  const held = context.space.lookup(context.db, key);
  created(context, key, { type: "string", value: sketchBytes(registers), deadlineMs: held?.deadlineMs ?? -1 });
}

function keepCount(context: CommandContext, args: readonly string[], count: number): Reply {
  const entry = typed(context, arg(args, 1), "string");
  if (entry === undefined || entry instanceof ReplyError) return null;
  const bytes = Buffer.from(entry.value, "latin1");
  if (((bytes[CACHE_AT + CACHE_BYTES - 1] ?? 0) & STALE) === 0) return null;
  bytes.writeBigUInt64LE(BigInt(count), CACHE_AT);
  entry.value = bytes.toString("latin1");
  context.emit(args);
  return null;
}
