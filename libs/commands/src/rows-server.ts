/** What is about the server rather than about a key: flushes, scripts, messages, transactions. */
import { family, NO_KEY } from "./command-row.js";

const row = family("any");
const EFFECTS = "MULTI; any...; ...; EXEC | any... | nothing";
const CODE = "code belongs to a server: load it in every region, as one does without Meridian";

export const SERVER_ROWS = [
  row("flushall", "quarantine", "as sent", NO_KEY, "1.0.0",
    "whether to empty every region or to fill this one again is for an operator to say"),
  row("flushdb", "quarantine", "as sent", NO_KEY, "1.0.0",
    "whether to empty every region or to fill this one again is for an operator to say"),
  row("swapdb", "quarantine", "as sent", NO_KEY, "4.0.0", "exchanges two datasets at once; not expressible as writes of keys"),
  row("eval", "captured", EFFECTS, NO_KEY, "2.6.0", "the stream carries the script's writes, as one transaction where there are several"),
  row("evalsha", "captured", EFFECTS, NO_KEY, "2.6.0",
    "the stream carries the script's writes, as one transaction where there are several"),
  row("fcall", "captured", EFFECTS, NO_KEY, "7.0.0",
    "the stream carries the function's writes, as one transaction where there are several"),
  row("script", "local", "by subcommand", NO_KEY, "2.6.0", CODE),
  row("script|load", "local", "nothing", NO_KEY, "2.6.0", CODE),
  row("script|flush", "local", "nothing", NO_KEY, "2.6.0", CODE),
  row("function", "local", "by subcommand", NO_KEY, "7.0.0", CODE, { counted: true }),
  row("function|load", "local", "as sent", NO_KEY, "7.0.0", CODE, { counted: true }),
  row("function|delete", "local", "as sent", NO_KEY, "7.0.0", CODE, { counted: true }),
  row("function|flush", "local", "as sent", NO_KEY, "7.0.0", CODE, { counted: true }),
  row("function|restore", "local", "as sent", NO_KEY, "7.0.0", CODE, { counted: true }),
  row("publish", "message", "as sent", NO_KEY, "2.0.0", "a message, not data: relayed where an agent is told its channel; in cluster mode the stream does not carry it"),
  row("spublish", "local", "as sent", NO_KEY, "7.0.0", "a message, not data: it stays with its server; in cluster mode the stream does not carry it"),
  row("multi", "transport", "as sent | nothing", NO_KEY, "1.2.0",
    "begins a group that peers apply as one; absent where the group holds one write"),
  row("exec", "transport", "as sent | nothing", NO_KEY, "1.2.0", "ends a group"),
  row("select", "transport", "as sent | nothing", NO_KEY, "1.0.0",
    "stands before the first write of another database; not repeated after a resume"),
  row("ping", "transport", "as sent | nothing", NO_KEY, "1.0.0",
    "the master's keep-alive, each 10 s; a client's own PING is not in the stream"),
  row("replconf", "transport", "as sent | nothing", NO_KEY, "3.0.0", "GETACK: the master asks how far we are"),
] as const;
