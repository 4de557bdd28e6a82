/** Which agents a command asks: those that are named, or those of the local mesh. */
import { MeridianError } from "@meridian/words";
import type { CommandContext } from "../command-context.js";
import { requireMesh } from "../mesh/mesh-file.js";

/** Their URLs. Throws `BAD_OPTION`. */
export function agentUrls(named: { readonly agents?: string[]; readonly mesh?: number }, { meshFolder }: CommandContext): string[] {
  const { agents, mesh } = named;
  const urls = agents ?? requireMesh(meshFolder, mesh).regions.map(({ agentUrl }) => agentUrl);
  for (const url of urls) if (!/^https?:\/\/[^/]+/.test(url)) throw new MeridianError("BAD_OPTION", `${JSON.stringify(url)} is not an agent's URL`, { advice: "write http://host:port" });
  return urls;
}
