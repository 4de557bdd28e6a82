/**
 * The lock of a store's folder: one live process at a time.
 *
 * A file names its holder (pid, the start time of that process, host). A holder that no longer runs on this host is
 * taken over, also where its pid has been given to another process. A holder on another host cannot be judged from
 * here and is refused with `STORE_LOCKED`. Not meant against processes that race within microseconds for a stale lock
 * on network storage; the lease in the apply script is what fences those.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { MeridianError } from "@meridian/words";

/** Name of the lock file in the store's folder. */
export const LOCK_FILE = "owner.lock";

/** Attempts to replace stale locks before giving up. */
const ATTEMPTS_MAX = 5;

interface Holder {
  readonly pid: number;
  readonly started: string;
  readonly host: string;
}

const heldHere = new Set<string>();

/** A held lock. */
export class StoreLock {
  readonly #file: string;

  private constructor(file: string) {
    this.#file = file;
  }

  /** Takes the lock of `path`, or throws `STORE_LOCKED` naming the holder. */
  static acquire(path: string): StoreLock {
    const file = join(path, LOCK_FILE);
    const own = JSON.stringify({ pid: process.pid, started: startOf(process.pid) ?? "", host: hostname() });
    const draft = `${file}.${process.pid}`;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
      writeFileSync(draft, own);
      try {
        linkSync(draft, file);
        heldHere.add(file);
        return new StoreLock(file);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      } finally {
        rmSync(draft, { force: true });
      }
      const text = readLock(file);
      if (text === undefined) continue;
      const holder = parseHolder(text);
      if (holder !== undefined && isLive(holder, file)) throw locked(path, file, holder);
      removeStale(file, text);
    }
    throw locked(path, file, undefined);
  }

  release(): void {
    heldHere.delete(this.#file);
    rmSync(this.#file, { force: true });
  }
}

function locked(path: string, file: string, holder: Holder | undefined): MeridianError {
  const who = holder === undefined ? "a process that is just starting" : `process ${holder.pid} on ${holder.host}`;
  return new MeridianError("STORE_LOCKED", `${path} is held by ${who}`, {
    advice: `stop that process, or give this agent a store path of its own; if that host no longer exists, delete ${file}`,
    retryable: true,
  });
}

function isLive(holder: Holder, file: string): boolean {
  if (holder.host !== hostname()) return true;
  if (holder.pid === process.pid) return heldHere.has(file);
  return startOf(holder.pid) === holder.started;
}

/** When a process started (kernel ticks since boot, and the boot), or undefined where it does not run. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()}/${ticks}`;
  } catch {
    return isRunning(pid) ? "running" : undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function readLock(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder>;
    if (typeof holder.pid !== "number" || typeof holder.host !== "string") return undefined;
    return { pid: holder.pid, host: holder.host, started: holder.started ?? "" };
  } catch {
    return undefined;
  }
}

/** Moves the stale file aside first: whoever moved another's fresh lock puts it back. */
function removeStale(file: string, text: string): void {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
    if (readLock(aside) !== text) linkSync(aside, file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "ENOENT" && code !== "EEXIST") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}
