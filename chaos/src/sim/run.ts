/** One run of the simulator: a seed in, a verdict out. */
import { checkAtRest } from "./checkers/final-check.js";
import type { SimEvent } from "./mesh/event.js";
import { heal } from "./mesh/heal.js";
import { problemsOf, type Problem } from "./checkers/problem.js";
import { Random } from "./random.js";
import { Scheduler } from "./mesh/scheduler.js";
import { drawSettings, type SimOptions, type SimSettings } from "./settings.js";
import { type Transcript } from "./transcript.js";
import { World } from "./mesh/world.js";

/** Events per client command, on average, after which a run is ended. */
const EVENTS_PER_COMMAND = 30;

/** What became of a run. */
export interface RunResult {
  readonly settings: SimSettings;
  readonly events: readonly SimEvent[];
  /** None: the run was sound. */
  readonly problems: readonly Problem[];
}

/** Runs a seed. */
export function runSeed(seed: number, options: SimOptions = {}, transcript?: Transcript): RunResult {
  const random = new Random(seed);
  const settings = drawSettings(seed, options, random);
  const world = new World(settings, transcript);
  const scheduler = new Scheduler(world, random);
  const events: SimEvent[] = [];
  const problems = guarded(world, () => {
    for (const event of scheduler.begin()) {
      events.push(event);
      world.perform(event);
    }
    const limit = settings.commands * EVENTS_PER_COMMAND * (settings.absentAfterMs > 0 ? 2 : 1);
    while (world.taken.length < settings.commands && events.length < limit && world.problems.length === 0) {
      const event = scheduler.next();
      events.push(event);
      world.perform(event);
    }
  });
  return { settings, events, problems };
}

/** Runs the same mesh through given events. */
export function replay(settings: SimSettings, events: readonly SimEvent[], transcript?: Transcript): RunResult {
  const world = new World(settings, transcript);
  const problems = guarded(world, () => {
    for (const event of events) {
      if (world.problems.length > 0) return;
      world.perform(event);
    }
  });
  return { settings, events, problems };
}

function guarded(world: World, play: () => void): Problem[] {
  try {
    play();
    const restless = world.problems.length > 0 ? [] : heal(world);
    if (world.problems.length > 0) return [...world.problems];
    return [...problemsOf("comes to rest", restless), ...checkAtRest(world)];
  } catch (error) {
    return problemsOf("no exception", [`threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`]);
  }
}
