#!/usr/bin/env node
/**
 * The `meridian` command: wires the process (streams, signals, environment) to the program and nothing else. A second
 * Ctrl-C ends at once; children are killed by their guards.
 */
import { meshFolder } from "./mesh/mesh-file.js";
import { runCli } from "./program.js";
import { processTerminal } from "./terminal.js";

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort(new Error(`stopped by ${signal}`));
  });
}
// `meridian ... | head`: whoever reads has seen enough
process.stdout.on("error", () => process.exit(0));

const code = await runCli(process.argv.slice(2), { terminal: processTerminal(), stop: stop.signal, meshFolder: meshFolder() });
process.exitCode = code;
// an idle keep-alive connection to an agent is no reason to stay
process.stdout.write("", () => process.exit(code));
