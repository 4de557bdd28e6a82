#!/usr/bin/env node
/**
 * The `meridian-agent` command: wires the process to {@link runAgent} and nothing else.
 */
import { readFileSync } from "node:fs";
import { MeridianError } from "@meridian/words";
import type { PipelineFactory } from "./agent-pipeline.js";
import { runAgent } from "./run-agent.js";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };

// Until the replication core is wired in, an agent refuses to pretend.
const pipelines: PipelineFactory = () => {
  throw new MeridianError("SERVER_UNSUPPORTED", "this build has no replication core", { advice: "use a build that has one" });
};

await runAgent({ args: process.argv.slice(2), environment: process.env, version, pipelines });
