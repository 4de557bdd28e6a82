/**
 * What mutations of streams carry must be ids, for they reach the server's commands and the names of cells. Refuses with
 * `BAD_RECORD` what no server gives: an entry's field that is no id in the form that sorts (two decimal numbers, each behind
 * a letter that says how many digits it has), a last id that is none, a group's beginning that is neither id nor number.
 */
import { MeridianError, MutationKind, type Mutation } from "@meridian/words";

const LETTER_BEFORE_A = 96;
const DIGITS_MAX = 20;
const ZERO = 0x30;
const NINE = 0x39;
const ID = /^(?:0|[1-9]\d{0,19})-(?:0|[1-9]\d{0,19})$/;
const GROUP = /^\d{1,20}(?:-\d{1,20})? (?:0|[1-9]\d{0,19})-(?:0|[1-9]\d{0,19})$/;

/** Throws where a mutation of a stream names what is no id; other mutations are let through. */
export function assertStreamIds(m: Mutation): void {
  const { kind } = m;
  if (kind === MutationKind.PutEntry || kind === MutationKind.RemoveEntry) {
    if (numberEnd(m.field, numberEnd(m.field, 0)) !== m.field.length) throw malformed(m, "names an entry", m.field);
    return;
  }
  if (kind !== MutationKind.PutStream && kind !== MutationKind.PutGroup) return;
  const text = m.bytes.toString("latin1", m.valueStart, m.valueEnd);
  if (!(kind === MutationKind.PutStream ? ID : GROUP).test(text)) throw malformed(m, kind === MutationKind.PutStream ? "gives a stream the last id" : "begins a group at", text);
}

/** Where a number ends that begins at a place; beyond every text where there is none. */
function numberEnd(field: string, from: number): number {
  const digits = field.charCodeAt(from) - LETTER_BEFORE_A;
  const end = from + 1 + digits;
  if (!(digits >= 1 && digits <= DIGITS_MAX) || end > field.length) return Infinity;
  if (digits > 1 && field.charCodeAt(from + 1) === ZERO) return Infinity;
  for (let at = from + 1; at < end; at += 1) {
    const code = field.charCodeAt(at);
    if (code < ZERO || code > NINE) return Infinity;
  }
  return end;
}

function malformed({ key, hlc }: Mutation, does: string, text: string): MeridianError {
  return new MeridianError("BAD_RECORD", `version ${hlc} of the stream ${key} ${does} ${JSON.stringify(text)}, which is no id`, {
    advice: "the record was written by a newer version or by a faulty agent; check the agents' versions",
  });
}
