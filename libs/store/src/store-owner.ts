/**
 * Whose store a folder is: a small text file, written once, compared before anything else is opened.
 *
 * Refuses with `STORE_FOREIGN` another owner's folder, and with `STORE_CORRUPT` one that has data but does not say
 * whose, or that was written by a format that this version does not know.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MeridianError } from "@meridian/words";
import { corruptStore, DATA_FILE } from "./lmdb-files.js";

const OWNER_FILE = "store.json";
const FORMAT = 1;

/** Claims a new folder for `owner`, or checks that an old one is its own. */
export function claimFolder(path: string, owner: string): void {
  const file = join(path, OWNER_FILE);
  if (!existsSync(file)) {
    if (existsSync(join(path, DATA_FILE))) throw corruptStore(path, `${path} holds data but no ${OWNER_FILE}`);
    writeFileSync(`${file}.new`, `${JSON.stringify({ format: FORMAT, owner })}\n`, { flush: true });
    renameSync(`${file}.new`, file);
    return;
  }
  const found = readOwner(path, file);
  if (found !== owner) {
    throw new MeridianError("STORE_FOREIGN", `${path} belongs to ${found}, not to ${owner}`, {
      advice: "correct the store path, or the region's or server's name; a name never changes once a mesh runs",
    });
  }
}

function readOwner(path: string, file: string): string {
  let content: { format?: unknown; owner?: unknown };
  try {
    content = JSON.parse(readFileSync(file, "utf8")) as typeof content;
  } catch (cause) {
    throw corruptStore(path, `${file} cannot be read`, cause);
  }
  if (content.format !== FORMAT || typeof content.owner !== "string") {
    throw corruptStore(path, `${file} has format ${String(content.format)}; this version knows ${FORMAT}`);
  }
  return content.owner;
}
