export { ERROR_CODES, MeridianError, type ErrorCode, type ErrorDetail } from "./error.js";
export {
  COUNTER_LIMIT,
  formatHlc,
  HLC_BYTES,
  HLC_EPOCH_MS,
  HLC_LAST_MS,
  HLC_ZERO,
  hlcCounter,
  hlcMs,
  hlcOf,
  readHlc,
  writeHlc,
  type Hlc,
} from "./hlc.js";
export {
  MutationKind,
  type Absorbed,
  type CellKind,
  type Mutation,
  type MutationDetail,
  type RunningSum,
  type Unseen,
} from "./mutation.js";
export { groupNameOf, groupOf, groupWriter, mainWriter, parseWriterId, regionId, regionOf, serverOf, writerId, type RegionId, type WriterId } from "./region-id.js";
export { VersionVector, type Dot, type ReadonlyVector } from "./vector.js";
