/**
 * Structured logs: one JSON object per line, or a readable line where a person watches a terminal.
 *
 * The rest of the code knows only {@link Logger}. The level can be changed while running and then holds for every
 * logger made from the same root. Writing never blocks the process (see `log-output.ts`). Secrets are the caller's
 * business: options are logged only through their masked form.
 */
import { pino, type DestinationStream, type Level } from "pino";
import { LogOutput } from "./log-output.js";
import { prettyLine } from "./pretty-line.js";

/** What the code needs of a logger: fields for machines, a message for people. An error goes in as `err`. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** Fields of one line. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Levels, quietest last. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Time that writing what waits may take when the process ends, in milliseconds. */
export const FLUSH_MS_MAX = 1_000;

/** Where lines go. */
export interface LogDestination {
  write(line: string): void;
}

/** How to make a logger. */
export interface LoggerOptions {
  /** The service's name, in every line. */
  readonly name: string;
  readonly level: LogLevel;
  /** `auto`: readable lines where standard output is a terminal, JSON everywhere else. */
  readonly pretty: "auto" | "always" | "never";
  /** Default: standard output. */
  readonly destination?: LogDestination;
}

/** A logger that others can be made from. */
export interface ParentLogger extends Logger {
  /** A logger that adds fields to every line. */
  child(fields: LogFields): Logger;
}

/** The root of a service's loggers. */
export interface ServiceLogger extends ParentLogger {
  /** Level of this logger and of every one made from it. */
  level: LogLevel;
  /** Lines dropped because the reader of the log was too slow. */
  readonly droppedLines: number;
  /**
   * Call before the process ends. Resolves with true once everything is written, with false where the reader of the
   * log does not take it within {@link FLUSH_MS_MAX}.
   */
  flush(): Promise<boolean>;
}

/** Makes a service's logger. */
export function createLogger(options: LoggerOptions): ServiceLogger {
  const output = options.destination === undefined ? new LogOutput(1, dropLine) : undefined;
  const destination: LogDestination = output ?? options.destination!;
  const terminal = options.destination === undefined && process.stdout.isTTY;
  const pretty = options.pretty === "always" || (options.pretty === "auto" && terminal);
  const stream: DestinationStream = pretty ? { write: (line) => destination.write(prettyLine(line, terminal)) } : destination;
  const settings = {
    name: options.name,
    level: options.level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
  };
  const root = pino(settings, stream);
  const write = (level: Level, fields: LogFields, message: string): void => root[level](fields, message);
  return {
    get level() {
      return root.level as LogLevel;
    },
    set level(level) {
      root.level = level;
    },
    get droppedLines() {
      return output?.droppedLines ?? 0;
    },
    ...levels(write),
    // Not pino's own children: those keep the level that was set when they were made.
    child: (bound) => levels((level, fields, message) => write(level, { ...bound, ...fields }, message)),
    flush: () => output?.flush(FLUSH_MS_MAX) ?? Promise.resolve(true),
  };
}

function levels(write: (level: Level, fields: LogFields, message: string) => void): Logger {
  return {
    debug: (fields, message) => write("debug", fields, message),
    info: (fields, message) => write("info", fields, message),
    warn: (fields, message) => write("warn", fields, message),
    error: (fields, message) => write("error", fields, message),
  };
}

function dropLine(count: number): string {
  return `${JSON.stringify({ level: "warn", time: new Date().toISOString(), dropped: count, msg: "the reader of the log was too slow; lines are missing here" })}\n`;
}
