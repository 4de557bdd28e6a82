/** npm packages: installed by `npm ci` where what is there is not what the lockfile says. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Throws where this Node is older than package.json asks for. */
export function requireNode() {
  const { engines } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const [major, minor] = engines.node.replace(/^\D+/, "").split(".").map(Number);
  const [ours, ourMinor] = process.versions.node.split(".").map(Number);
  if (ours < major || (ours === major && ourMinor < minor)) {
    throw new Error(`Node ${engines.node} is needed, this is ${process.versions.node}: install a newer one from your system or nodejs.org`);
  }
}

/** Installs what the lockfile says. The lockfile that npm keeps in node_modules tells what is there. */
export function requireNodeModules() {
  const reason = difference();
  if (reason === undefined) return;
  console.log(`set-up: npm ci (${reason})`);
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: ROOT, stdio: "inherit" });
}

function difference() {
  const hidden = join(ROOT, "node_modules/.package-lock.json");
  if (!existsSync(hidden)) return "node_modules is missing";
  const wanted = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")).packages;
  const present = JSON.parse(readFileSync(hidden, "utf8")).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.startsWith("node_modules/")) continue;
    if (entry.link ? !existsSync(join(ROOT, path)) : differs(entry, present[path])) return `${path} is not what package-lock.json says`;
  }
  return undefined;
}

/** Packages for other platforms are optional and absent. */
function differs(wanted, present) {
  return present === undefined ? !wanted.optional && !wanted.devOptional && !wanted.peer : present.version !== wanted.version;
}
