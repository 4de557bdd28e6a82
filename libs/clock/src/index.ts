export { BOUND_INTERVAL_MS, HybridClock, type HybridClockOptions } from "./hybrid-clock.js";
