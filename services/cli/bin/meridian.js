#!/usr/bin/env node
/**
 * The `meridian` command as npm links it. A file of its own, because npm links only what exists at install time and
 * dist/ is built after that.
 */
import { existsSync } from "node:fs";

const main = new URL("../dist/main.js", import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write("meridian is not built yet: run `npm run build` first\n");
  process.exitCode = 2;
}
