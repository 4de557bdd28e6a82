#!/usr/bin/env node
/**
 * The `meridian-agent` command: wires the process to {@link runAgent} and nothing else.
 */
import { readFileSync } from "node:fs";
import { regionPipelines } from "./pipeline/region-pipeline.js";
import { runAgent } from "./run-agent.js";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };

await runAgent({ args: process.argv.slice(2), environment: process.env, version, pipelines: regionPipelines });
