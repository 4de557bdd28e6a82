export { LmdbStore, openLmdbStore, type LmdbStoreOptions } from "./lmdb-store.js";
export { MemoryStore, type MemorySnapshot } from "./memory-store.js";
export { KEY_BYTES_MAX, STORE_TABLES, type IsPlain, type Store, type StoreTable, type StoreWrite } from "./port.js";
