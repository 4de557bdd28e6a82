/**
 * Options from the environment: every variable with the program's prefix must be a declared one.
 *
 * A misspelt variable is refused like a misspelt line in the file. Two kinds are not ours and are left alone: what
 * Kubernetes injects for a service that happens to share the prefix (`MERIDIAN_AGENT_SERVICE_HOST`,
 * `MERIDIAN_AGENT_PORT_7071_TCP`, …), and the names given as `reserved`.
 */
import { environmentName, PlaceIndex } from "./declaration.js";
import type { Shape } from "./field.js";
import { nearestName } from "./nearest-name.js";
import type { OptionProblem } from "./problem.js";
import type { GivenText, TextReading } from "./text-source.js";

/** Variables of the process; `process.env` fits. */
export type Environment = Readonly<Record<string, string | undefined>>;

const SERVICE_LINK = /_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;
const SERVICE_LINK_PORT = /^(tcp|udp|sctp):\/\//;

/** Reads the variables that begin with `prefix_`. */
export function readEnvironment(shape: Shape, prefix: string, environment: Environment, reserved: readonly string[]): TextReading {
  const index = new PlaceIndex(shape, (path) => environmentName(prefix, path));
  const given: GivenText[] = [];
  const problems: OptionProblem[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (text === undefined || !name.startsWith(`${prefix}_`) || reserved.includes(name)) continue;
    const found = index.find(name);
    if (found !== undefined) given.push({ ...found, text, origin: `environment ${name}` });
    else if (!isServiceLink(name, text)) problems.push(unknownVariable(name, index.names));
  }
  return { given, problems };
}

function isServiceLink(name: string, text: string): boolean {
  return SERVICE_LINK.test(name) || (name.endsWith("_PORT") && SERVICE_LINK_PORT.test(text));
}

function unknownVariable(name: string, names: readonly string[]): OptionProblem {
  const near = nearestName(name, names);
  const allowed = near === undefined ? "the names that `--help` lists" : `did you mean ${near}?`;
  return { field: name, origin: "environment", found: "an unknown variable", allowed };
}
