/** The configuration files of deploy/config are accepted, explain every option, and their defaults are the agent's. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadOptions, type Field, type Shape } from "@meridian/shell";
import { describe, expect, it } from "vitest";
import { AGENT_DECLARATION } from "./agent-declaration.js";
import { AGENT_FIELDS, type AgentOptions } from "./options.js";

const FOLDER = fileURLToPath(new URL("../../../deploy/config/", import.meta.url));
const REGIONS = ["eu", "us", "ap"];
const ENVIRONMENT = { MERIDIAN_SERVERS_0_PASSWORD: "secret" };

const textOf = (region: string): string => readFileSync(`${FOLDER}${region}.yaml`, "utf8");

function load(text: string): AgentOptions {
  const sources = { args: ["--config", "agent.yaml"], environment: ENVIRONMENT, readFile: () => text, version: "test" };
  const loaded = loadOptions(AGENT_DECLARATION, sources);
  if (loaded.kind !== "run") throw new Error("options were printed, not loaded");
  return loaded.options;
}

/** The lines that a file of all options has, by indentation: a group's fields stand two deeper, a row's four. */
function expectedNames(fields: Shape, indentation: number): string[] {
  return Object.entries(fields).flatMap(([name, field]: [string, Field]) => {
    const own = `${" ".repeat(indentation)}${name}`;
    if (field.kind === "group") return [own, ...expectedNames(field.fields, indentation + 2)];
    return field.kind === "table" ? [own, ...expectedNames(field.fields, indentation + 4)] : [own];
  });
}

/** Every option that stands in the file, set or behind `#`, as its indentation and name. */
function namesIn(text: string): string[] {
  const plain = text.split("\n").map((line) => line.replace(/^( *)# (?=[a-zA-Z]+:( |$))/, "$1").replace(/^( *)- /, "$1  "));
  return plain.flatMap((line) => /^( *[a-zA-Z]+):( |$)/.exec(line)?.[1] ?? []);
}

/** The file with its defaults in force: examples (`...` and `{ }`) stay comments. */
function withDefaults(text: string): string {
  return text.replaceAll(/^( *)# ([a-zA-Z]+:(?! \.\.\.| \{)( .*)?)$/gm, "$1$2");
}

describe.each(REGIONS)("deploy/config/%s.yaml", (region) => {
  it("is accepted, for its region, with the others as peers", () => {
    const options = load(textOf(region));
    expect(options.region).toBe(region);
    expect([...options.peers, region].sort()).toEqual([...REGIONS].sort());
  });

  it("holds every option of the agent, in its order, and no other", () => {
    expect(namesIn(textOf(region))).toEqual(expectedNames(AGENT_FIELDS, 0));
  });

  it("states the agent's own defaults", () => {
    const inForce = withDefaults(textOf(region));
    expect(inForce.match(/^ *# [a-zA-Z]+:/gm)?.length).toBeLessThan(textOf(region).match(/^ *# [a-zA-Z]+:/gm)?.length ?? 0);
    expect(load(inForce)).toEqual(load(textOf(region)));
  });
});
