#!/usr/bin/env node
/**
 * The `meridian-agent` command: wires the process to {@link runAgent} and nothing else.
 */
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { regionPipelines } from "./pipeline/region-pipeline.js";
import { runAgent } from "./run-agent.js";

const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };

/**
 * By how much the heap may grow over what was alive before it is collected. Left to itself V8 lets it grow to three or four times
 * that, which at a million keys is some 50 MB; what is alive is small, so collecting it more often costs little.
 */
const HEAP_GROWING_PERCENT = 40;

setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
await runAgent({ args: process.argv.slice(2), environment: process.env, version, pipelines: regionPipelines });
