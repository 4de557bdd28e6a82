import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeAcceptance } from "./acceptance.js";
import { openLmdbStore } from "./lmdb-store.js";

let path = "";

storeAcceptance("LmdbStore", {
  open: () => {
    path = mkdtempSync(join(tmpdir(), "meridian-store-"));
    return Promise.resolve(openLmdbStore({ path, owner: "eu/0" }));
  },
  reopen: async (store) => {
    await store.close();
    return openLmdbStore({ path, owner: "eu/0" });
  },
  clean: async (store) => {
    await store.close();
    rmSync(path, { recursive: true, force: true });
  },
});
