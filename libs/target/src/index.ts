export type { ApplyReply, ApplyStatus, FenceReply, ReadStatus, ScanPage, ServerFacts, Target } from "./port.js";
export { RedisTarget, type RedisTargetOptions } from "./redis/redis-target.js";
