/**
 * Problems with options, collected and reported together.
 *
 * A problem names the field, where its value came from, what was found there and what is allowed. The values of
 * secrets, passwords in addresses and values of unknown fields never enter a problem.
 */
import { MeridianError } from "@meridian/words";

/** One thing that is wrong. */
export interface OptionProblem {
  /** As people write it: `servers[0].url`. */
  readonly field: string;
  /** `agent.yaml:12`, `environment MERIDIAN_REGION`, `flag --region`, or `nowhere` where nothing was given. */
  readonly origin: string;
  readonly found: string;
  readonly allowed: string;
}

/** Longest found value that is shown whole. */
const SHOWN_CHARS_MAX = 60;

/** `BAD_OPTION` with every problem at once: in its message for people, in `problems` for programs. */
export class BadOptionsError extends MeridianError {
  readonly problems: readonly OptionProblem[];

  constructor(program: string, problems: readonly OptionProblem[]) {
    const title = problems.length === 1 ? "1 option is wrong" : `${problems.length} options are wrong`;
    super("BAD_OPTION", `${title}; nothing was started\n${problems.map(problemLine).join("\n")}`, {
      advice: `correct them and start again; \`${program} --help\` explains every option`,
    });
    this.problems = problems;
  }
}

function problemLine(problem: OptionProblem): string {
  return `  ${problem.field} (${problem.origin})\n      found:   ${problem.found}\n      allowed: ${problem.allowed}`;
}

/** A value as it is shown in a problem: quoted, cut, and without a password if it looks like an address. */
export function shown(text: string): string {
  const masked = maskPassword(text);
  const cut = masked.length > SHOWN_CHARS_MAX ? `${masked.slice(0, SHOWN_CHARS_MAX)}…` : masked;
  return JSON.stringify(cut);
}

/** Replaces the password of anything that looks like `scheme://user:password@host`. */
export function maskPassword(text: string): string {
  return text.replace(/(:\/\/[^:@/]*):.*@/s, "$1:***@");
}
