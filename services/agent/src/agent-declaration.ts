/**
 * The agent's declaration: its fields, the rules across them, and what `--help` says around them.
 */
import { exitCodesText, type OptionsDeclaration } from "@meridian/shell";
import { AGENT_RULES } from "./option-rules.js";
import { AGENT_FIELDS } from "./options.js";

const EXAMPLE = `
region: eu
peers: [us, ap]
servers:
  - { name: "0", url: "redis://127.0.0.1:6379" }   # password: MERIDIAN_SERVERS_0_PASSWORD
log:
  kind: redis
  redis:
    url: "redis://127.0.0.1:6379"
    regions: { us: "redis://us.example:6379", ap: "redis://ap.example:6379" }
store: { path: /var/lib/meridian }
http: { host: 127.0.0.1, port: 7071 }
`;

/** The agent's declaration. */
export const AGENT_DECLARATION: OptionsDeclaration<typeof AGENT_FIELDS> = {
  program: "meridian-agent",
  summary:
    "captures what changes in this region's Redis or Valkey servers, publishes it to the log, and merges what the other regions published. One agent per region; applications keep talking to their own servers.",
  environmentPrefix: "MERIDIAN",
  fields: AGENT_FIELDS,
  rules: AGENT_RULES,
  example: EXAMPLE,
  epilogue: exitCodesText(),
};
