/**
 * How one `meridian` command finds the mesh that another one runs: a small file per mesh in the user's runtime folder.
 *
 * Promises that a file is removed when its mesh ends in good order, and that a file whose process is gone (or whose
 * process id now belongs to another process) is never believed: it is removed by whoever finds it. Refuses a folder
 * that belongs to somebody else.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MeridianError } from "@meridian/words";

/** What is known of a running mesh. */
export interface MeshDescription {
  /** The process that runs it. */
  readonly pid: number;
  /** Kernel's start time of that process (clock ticks since boot), where the system tells. */
  readonly startTicks: number | undefined;
  readonly log: { readonly kind: "redis" | "kafka"; readonly address: string };
  readonly regions: readonly MeshEndpoint[];
}

/** Where one region answers. */
export interface MeshEndpoint {
  readonly region: string;
  /** The region's server, a redis:// URL. */
  readonly url: string;
  /** The region's agent, a http:// URL. */
  readonly agentUrl: string;
}

/** The folder for such files: `$XDG_RUNTIME_DIR/meridian`, else one per user in the temp folder. */
export function meshFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const runtime = environment["XDG_RUNTIME_DIR"];
  return runtime ? join(runtime, "meridian") : join(tmpdir(), `meridian-${process.getuid?.() ?? "user"}`);
}

/** Announces a mesh. Returns how to take that back. */
export function announceMesh(folder: string, mesh: Omit<MeshDescription, "pid" | "startTicks">): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  refuseForeign(folder);
  const description: MeshDescription = { pid: process.pid, startTicks: startTicksOf(process.pid), ...mesh };
  const file = join(folder, `mesh-${process.pid}.json`);
  writeFileSync(`${file}.new`, `${JSON.stringify(description, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  const remove = (): void => rmSync(file, { force: true });
  process.once("exit", remove);
  return () => {
    process.off("exit", remove);
    remove();
  };
}

/** The meshes that run now, oldest first. Stale files are removed on the way. */
export function findMeshes(folder: string): MeshDescription[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => /^mesh-\d+\.json$/.test(name));
  } catch {
    return [];
  }
  refuseForeign(folder);
  const found: MeshDescription[] = [];
  for (const name of names) {
    const file = join(folder, name);
    const description = readDescription(file);
    if (description !== undefined && stillRuns(description)) found.push(description);
    else rmSync(file, { force: true });
  }
  return found.sort((a, b) => (a.startTicks ?? 0) - (b.startTicks ?? 0));
}

/** The one running mesh. Throws `BAD_OPTION` where there is none, or more than one and `pid` does not choose. */
export function requireMesh(folder: string, pid?: number): MeshDescription {
  const meshes = findMeshes(folder).filter((mesh) => pid === undefined || mesh.pid === pid);
  const [first, second] = meshes;
  if (first === undefined) {
    throw new MeridianError("BAD_OPTION", pid === undefined ? "no local mesh is running" : `no local mesh runs as process ${pid}`, {
      advice: "start one with `meridian dev --regions eu,us,ap`, or name servers and agents by URL",
    });
  }
  if (second !== undefined) {
    const list = meshes.map((mesh) => `${mesh.pid} (${mesh.regions.map(({ region }) => region).join(",")})`).join(", ");
    throw new MeridianError("BAD_OPTION", `several local meshes are running: ${list}`, { advice: "choose one with --mesh <pid>" });
  }
  return first;
}

function readDescription(file: string): MeshDescription | undefined {
  try {
    const parsed = JSON.parse(readFileSync(file, "utf8")) as Partial<MeshDescription>;
    if (typeof parsed.pid !== "number" || !Array.isArray(parsed.regions) || parsed.log === undefined) return undefined;
    return parsed as MeshDescription;
  } catch {
    return undefined;
  }
}

function stillRuns({ pid, startTicks }: MeshDescription): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  const now = startTicksOf(pid);
  return startTicks === undefined || now === undefined || now === startTicks;
}

/** Field 22 of /proc/<pid>/stat; undefined where the system has no /proc. */
function startTicksOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  } catch {
    return undefined;
  }
}

function refuseForeign(folder: string): void {
  const uid = process.getuid?.();
  if (uid === undefined || statSync(folder).uid === uid) return;
  throw new MeridianError("BAD_OPTION", `${folder} belongs to another user`, {
    advice: "remove it, or set XDG_RUNTIME_DIR to a folder of your own",
  });
}
