/**
 * Generated code: each schema under proto/ becomes an ES module with types, committed so that a build needs no generator.
 *
 *     npm run generate              writes it
 *     npm run generate -- --check   writes it elsewhere and fails where it differs from what is committed
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Which package's `gen` folder holds the code of a schema. */
const HOME_OF = { "record.proto": "libs/wire/gen" };

/** Typed messages without verify and delimited forms, which we do not use; 64-bit numbers as Long. */
const PBJS_FLAGS = ["-t", "static-module", "-w", "esm", "-d", "--no-verify", "--no-delimited", "--null-semantics", "--force-long"];

function generate(schema, folder) {
  mkdirSync(folder, { recursive: true });
  const output = join(folder, `${basename(schema, ".proto")}.js`);
  execFileSync(process.execPath, [join(ROOT, "node_modules/protobufjs-cli/bin/pbjs"), ...PBJS_FLAGS, "-o", output, join("proto", schema)], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
  });
}

function differs(a, b) {
  return !existsSync(a) || !existsSync(b) || !readFileSync(a).equals(readFileSync(b));
}

function check(schema, home) {
  const scratch = mkdtempSync(join(tmpdir(), "meridian-generate-"));
  try {
    generate(schema, scratch);
    return readdirSync(scratch).filter((name) => differs(join(scratch, name), join(ROOT, home, name))).map((name) => `${home}/${name}`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const checking = process.argv.includes("--check");
const stale = [];
for (const schema of readdirSync(join(ROOT, "proto")).filter((name) => name.endsWith(".proto"))) {
  const home = HOME_OF[schema];
  if (home === undefined) throw new Error(`proto/${schema} has no home: add it to HOME_OF in .setup/generate.mjs`);
  if (checking) stale.push(...check(schema, home));
  else generate(schema, join(ROOT, home));
}
if (stale.length > 0) {
  console.error(`generated code is not what proto/ says: ${stale.join(", ")}. Run: npm run generate`);
  process.exit(1);
}
console.log(checking ? "generated code is current" : "generated code written");
