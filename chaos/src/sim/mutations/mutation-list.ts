/**
 * The mutations: each a mistake that one could make, most of them one line. Every one must be caught by a checker
 * (`npm run sim -- --mutations`); `mutations.test.ts` holds that all texts still stand in the code.
 */
import { APPLYING } from "./applying-mutations.js";
import { CAPTURING } from "./capturing-mutations.js";
import { CLASHING } from "./clashing-mutations.js";
import { EVICTING } from "./evicting-mutations.js";
import { MERGING } from "./merging-mutations.js";
import { FORGETTING } from "./forgetting-mutations.js";
import { RELAYING } from "./message-mutations.js";
import { REFUSING } from "./refusing-mutations.js";
import { SWITCHING } from "./switching-mutations.js";
import { TELLING } from "./telling-mutations.js";
import type { Mutation } from "./mutation.js";

/** All mutations, by what they break. */
export const MUTATIONS: readonly Mutation[] = [
  ...[...MERGING, ...CAPTURING, ...APPLYING, ...CLASHING, ...FORGETTING, ...REFUSING],
  ...[...RELAYING, ...SWITCHING, ...TELLING, ...EVICTING],
];
