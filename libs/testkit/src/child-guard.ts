/**
 * Child processes that do not outlive us.
 *
 * Promises that a guarded child is killed when this process ends, in whatever way: on a normal exit by an exit hook,
 * after a crash or SIGKILL by a small `sh` that holds the other end of a pipe and acts when the pipe closes. Needs a
 * POSIX system.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { rmSync } from "node:fs";

/** Reads one line: "release" lets the child be; the pipe's end (we are gone) kills it and removes its folder. */
const GUARD_SCRIPT = `
trap '' INT TERM HUP
read -r word
[ "$word" = release ] && exit 0
kill -9 "$1" 2>/dev/null
[ -n "$2" ] && rm -rf -- "$2"
exit 0
`;

interface Guarded {
  readonly pid: number;
  readonly dir: string | undefined;
}

const guarded = new Set<Guarded>();
let hooked = false;

/**
 * Guards a running child. `dir`, where given, is a temporary folder to remove along with a child that had to be
 * killed. Returns the release, to be called once the child has ended by other means.
 */
export function guardChild(child: ChildProcess, dir?: string): () => void {
  if (child.pid === undefined) throw new Error("only a child that runs can be guarded");
  const entry: Guarded = { pid: child.pid, dir };
  guarded.add(entry);
  if (!hooked) {
    hooked = true;
    process.once("exit", killAll);
  }
  const guard = spawn("sh", ["-c", GUARD_SCRIPT, "guard", String(child.pid), dir ?? ""], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    cwd: "/",
  });
  guard.on("error", () => undefined); // without sh there is still the exit hook
  guard.stdin.on("error", () => undefined);
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  return () => {
    if (guarded.delete(entry)) guard.stdin.end("release\n");
  };
}

function killAll(): void {
  for (const { pid, dir } of guarded) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it ended just before
    }
    if (dir !== undefined) rmSync(dir, { recursive: true, force: true });
  }
  guarded.clear();
}
