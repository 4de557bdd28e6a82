/** What a checker found: who it is and what is wrong, in one line. */

/** The checkers, by the name under which a failure is shown. README.md says what each holds. */
export type Checker =
  | "apply guard"
  | "increments go"
  | "nothing lost"
  | "nothing returns"
  | "deadlines"
  | "transactions whole"
  | "sums"
  | "acknowledged offset"
  | "comes to rest"
  | "nothing left to do"
  | "equal values"
  | "equal memory"
  | "server and memory"
  | "log"
  | "contexts"
  | "no echo"
  | "acknowledged writes"
  | "the rules"
  | "exact counters"
  | "exact sketches"
  | "conflict ledger"
  | "absence"
  | "registers"
  | "messages"
  | "stays in its region"
  | "resides with members"
  | "one switch"
  | "evictions"
  | "lost history"
  | "no exception";

/** See the module's comment. */
export interface Problem {
  readonly checker: Checker;
  readonly text: string;
}

/** Problems of one checker, from its lines. */
export function problemsOf(checker: Checker, lines: readonly string[]): Problem[] {
  return lines.map((text) => ({ checker, text }));
}

/** A problem as it is shown. */
export function describeProblem({ checker, text }: Problem): string {
  return `${checker}: ${text}`;
}
