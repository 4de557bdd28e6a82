/** Commands of modules have no rows of ours: the server says where their keys are. */
import { MeridianError } from "@meridian/words";
import type { RedisTarget, ServerFacts } from "@meridian/target";

/** Their commands have rows of their own, or none that write. */
const BUILT_IN_MODULES = ["vectorset", "lua"];

/** What a server says of its modules' commands, and what an operator is to know of that. */
export interface LearntModules {
  readonly foreign: Awaited<ReturnType<RedisTarget["foreignCommands"]>>;
  readonly remarks: readonly string[];
}

/** Asks a server that has loaded modules. Rejects where the connection is lost. */
export async function learnModules(target: RedisTarget, { modules }: ServerFacts): Promise<LearntModules> {
  const others = modules.filter((name) => !BUILT_IN_MODULES.includes(name));
  if (others.length === 0) return { foreign: [], remarks: [] };
  try {
    return { foreign: await target.foreignCommands(), remarks: [] };
  } catch (error) {
    if (!(error instanceof MeridianError) || error.code !== "SERVER_REFUSED") throw error;
    return { foreign: [], remarks: [`the agent's user may not run COMMAND: keys that commands of the modules ${others.join(", ")} write are not replicated`] };
  }
}
