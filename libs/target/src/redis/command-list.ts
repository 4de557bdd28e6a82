/** Reads what a server says of its commands: which of them write, and where their keys are. */
import type { ForeignCommand } from "@meridian/commands";
import type { Reply } from "@meridian/resp";

/** Where the keys of such a command are depends on its arguments. */
const MOVABLE = "movablekeys";

/** The write commands of a COMMAND reply that `isKnown` does not know and whose keys stand at fixed arguments. */
export function foreignCommands(reply: Reply, isKnown: (name: string) => boolean): ForeignCommand[] {
  if (!Array.isArray(reply)) return [];
  return reply.flatMap((entry) => {
    if (!Array.isArray(entry)) return [];
    const [name, , flags, first, last, step] = entry;
    const command = { name: textOf(name).toLowerCase(), first: Number(first), last: Number(last), step: Number(step) };
    const words = Array.isArray(flags) ? flags.map(textOf) : [];
    const isFixed = command.first > 0 && command.step > 0 && !words.includes(MOVABLE);
    return words.includes("write") && isFixed && !isKnown(command.name) ? [command] : [];
  });
}

function textOf(reply: Reply | undefined): string {
  return Buffer.isBuffer(reply) ? reply.toString("latin1") : typeof reply === "string" ? reply : "";
}
