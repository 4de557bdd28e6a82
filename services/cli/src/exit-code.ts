/** What the exit codes of `meridian` mean. Scripts may rely on them. */

/** The three exit codes. */
export const EXIT = {
  /** Done, and what was asked holds: equal, ready, exact. */
  ok: 0,
  /** Done, and what was asked does not hold: different values, a region not running, a process that died. */
  unmet: 1,
  /** Could not be done: a mistake in the arguments, or something that cannot be reached or started. */
  unusable: 2,
} as const;

/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The same for `--help`. */
export const EXIT_HELP = `Exit codes:
  0  done, and it holds (equal, ready, exact)
  1  done, and it does not hold (values differ, a region is not running, a process died)
  2  could not be done (wrong arguments, something unreachable or not startable)`;
