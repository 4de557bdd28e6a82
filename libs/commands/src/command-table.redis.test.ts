/** The table against `COMMAND` of the running server: nothing is forgotten, nothing is invented. */
import { startRedis, type TestRedis } from "@meridian/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandNamed } from "./command-lookup.js";
import { COMMAND_TABLE, existsIn } from "./command-table.js";

interface ServerCommand {
  readonly name: string;
  readonly flags: readonly string[];
}

/** Redis 7.0 does not show the flag may_replicate in COMMAND; these have it in its source. */
const MAY_REPLICATE = ["eval", "evalsha", "fcall", "publish", "spublish", "pfcount"];

let server: TestRedis;
let commands: readonly ServerCommand[];
let since: ReadonlyMap<string, string>;

beforeAll(async () => {
  server = await startRedis();
  const client = server.client();
  commands = ((await client.call("COMMAND")) as unknown[][]).flatMap(withSubcommands);
  since = new Map(sinceOf((await client.call("COMMAND", "DOCS")) as unknown[]));
});
afterAll(async () => server.stop());

function withSubcommands(reply: readonly unknown[]): ServerCommand[] {
  const [name, , flags, , , , , , , subcommands] = reply as [string, number, string[], ...unknown[]];
  const below = Array.isArray(subcommands) ? (subcommands as unknown[][]).flatMap(withSubcommands) : [];
  return [{ name: name.toLowerCase(), flags }, ...below];
}

function sinceOf(docs: readonly unknown[]): [string, string][] {
  const found: [string, string][] = [];
  for (let i = 0; i + 1 < docs.length; i += 2) {
    const fields = docs[i + 1] as unknown[];
    const field = (name: string): unknown => fields[fields.indexOf(name) + 1];
    if (fields.includes("since")) found.push([String(docs[i]).toLowerCase(), String(field("since"))]);
    if (fields.includes("subcommands")) found.push(...sinceOf(field("subcommands") as unknown[]));
  }
  return found;
}

describe("the command table", () => {
  it("has a row for every command of this server that can write", () => {
    const writing = commands.filter(({ flags }) => flags.includes("write") || flags.includes("may_replicate")).map(({ name }) => name);
    expect(writing.length).toBeGreaterThan(100);
    expect([...writing, ...MAY_REPLICATE].filter((name) => commandNamed(name) === undefined)).toEqual([]);
  });

  it("invents none: every row that claims to be in this version is", () => {
    const known = new Set(commands.map(({ name }) => name));
    const claimed = COMMAND_TABLE.filter((row) => existsIn(row, server.version.kind, server.version.text));
    expect(claimed.length).toBeGreaterThan(100);
    expect(claimed.map((row) => row.name).filter((name) => !known.has(name))).toEqual([]);
  });

  it("knows no later row than the server does: what is later is absent", () => {
    const known = new Set(commands.map(({ name }) => name));
    const later = COMMAND_TABLE.filter((row) => !existsIn(row, server.version.kind, server.version.text));
    expect(later.map((row) => row.name).filter((name) => known.has(name))).toEqual([]);
  });

  it("says since when as the server does", () => {
    for (const row of COMMAND_TABLE) {
      const documented = since.get(row.name);
      if (documented !== undefined && typeof row.since === "string") expect(row.since, row.name).toBe(documented);
    }
  });
});
