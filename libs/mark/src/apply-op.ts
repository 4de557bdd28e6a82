/**
 * The vocabulary between the builder of a batch and the script that runs it, defined once.
 *
 * A batch is a flat list of arguments. Each operation begins with a code of two characters: what to do
 * ({@link OP}) and what must be true before ({@link Expect}, or {@link AFTER_UNLINK}). The arguments that follow:
 *
 *     B  db                                        the database of what follows (one character, no expectation)
 *     M  n, n x (key, value), n x expected         strings without expiry; the last part only for `=` and `#`
 *     P  key, expected, value, deadline, held      string with expiry
 *     I  key, delta                                D  key, expected                   G  key, delta
 *     H  key, field, expected, value               J  key, field, delta               F  key, field, expected
 *     N  key, field, delta
 *     A  key, member                               R  key, member
 *     Z  key, member, expected, score              Y  key, member, expected
 *     T  key, expected deadline, deadline, holds   U  key, type, held, n, n x (field, content)
 *     K  key, held, added
 *     E  key, flags, last id, n, m, n x (field, k, k x step), m x (group, start or empty)
 *     W  key, expected, payload, deadline, note, held
 *     X  key, expected
 *     L  key, n, n x edit                          a list; see list-edits.ts
 *     V  key                                       no cell; where the key is not there, nothing else that the batch does to it happens
 *     Q  channel, message                          a message to subscribers; no cell, and nothing is compared
 *
 * `held` is the exact deadline before, or empty where it does not matter. `holds` is what the key must hold, by its first
 * character: `=` a string of these bytes, `#` a string with this digest, `%` a sketch with this digest of its registers, `i` a
 * string of at most so many bytes, `d` a value whose DUMP has this digest, `t` a value of this type; empty: anything.
 *
 * `E` is laid out as stream-edit.ts says: flags are letters (`c` make the stream, `k` keep it when empty, `l` tell groups of
 * late entries); a step is `+` id pairs, `-` id print, `=` id print, or `>` id print id.
 */

/**
 * What must be true of a cell: `-` absent, `=` equal bytes, `#` SHA-1 begins with these 16 hex characters, `%` a sketch
 * (HyperLogLog) of whose dense registers that is true, `~` anything.
 */
export type Expect = "-" | "=" | "#" | "%" | "~";

/** In place of an {@link Expect}: matches exactly when the batch's unlink of the same key matched. */
export const AFTER_UNLINK = "u";

/** First character of every operation's code. */
export const OP = {
  select: "B",
  setStrings: "M",
  setStringUntil: "P",
  incrString: "I",
  delString: "D",
  setField: "H",
  incrField: "J",
  addDecimal: "G",
  addDecimalField: "N",
  delField: "F",
  addMember: "A",
  removeMember: "R",
  setScore: "Z",
  removeScore: "Y",
  setExpiry: "T",
  restoreWhole: "W",
  delWhole: "X",
  editList: "L",
  unlinkKey: "U",
  raiseSketch: "K",
  editStream: "E",
  requireKey: "V",
  publish: "Q",
} as const;

/** Expected deadline of a key that does not exist yet: another operation of the same batch creates it. */
export const DEADLINE_NO_KEY = -2;

/** Deadline of a key without expiry. */
export const DEADLINE_NONE = -1;

/** Strings of one run: Lua's `unpack` takes no more than some 8,000 values, a run has two per string. */
export const RUN_LIMIT = 1000;
