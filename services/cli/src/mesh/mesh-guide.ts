/** What `meridian dev` prints when a mesh is ready: where everything is, and lines to copy. */
import type { Palette } from "../terminal.js";
import type { Mesh } from "./mesh.js";

/** The text. */
export function meshGuide(mesh: Mesh, color: Palette): string {
  const [first, second] = mesh.regions;
  const last = mesh.regions.at(-1)!;
  const width = Math.max(6, ...mesh.regions.map(({ region }) => region.length));
  const rows = mesh.regions.map(({ region, url, agentUrl }) => `  ${color.bold(region.padEnd(width))}  ${url.padEnd(28)}  ${agentUrl}/status`);
  const write = redisCli(first!.url);
  const increments = mesh.regions.map(({ url }) => `${redisCli(url)} INCR visits`).join("; ");
  return `
  ${"region".padEnd(width)}  ${"server".padEnd(28)}  agent
${rows.join("\n")}
  log: ${mesh.log.kind} at ${mesh.log.address}; agents' logs and stores in ${mesh.dir}

${color.bold("Write in one region, read in another:")}
  ${write} SET greeting hello
  ${redisCli(second!.url)} GET greeting

${color.bold("Count everywhere at once, nothing is lost:")}
  ${increments}
  ${redisCli(last.url)} GET visits

${color.bold("Look and compare (in another terminal):")}
  meridian status
  meridian diff ${mesh.regions.map(({ region }) => region).join(" ")}

Ctrl-C stops everything.
`;
}

/** `redis-cli -p <port>` for a server on this machine, `redis-cli -u <url>` for others. */
function redisCli(url: string): string {
  const { hostname, port, username, password, protocol } = new URL(url);
  const plain = protocol === "redis:" && username === "" && password === "";
  const local = hostname === "127.0.0.1" || hostname === "localhost";
  return plain && local ? `redis-cli -p ${port === "" ? 6379 : port}` : `redis-cli -u ${url}`;
}
