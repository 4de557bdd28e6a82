/**
 * Seeds that failed once, with what was wrong. A seed means something only as long as what draws from it is not changed:
 * whoever changes the workload or the schedule replaces the seeds that no longer find their mistake.
 */
export const REGRESSION_SEEDS: readonly (readonly [seed: number, mistake: string])[] = [
  [27, "a deadline carried by a string was judged after another string was merged: a region published what no client wrote"],
  [89, "a member added to a key that the server had dropped came without the key's deadline"],
  [284, "a change between the batch that settled a cell and that batch's mark was named nowhere and lost"],
  [372, "a set lost its deadline, because its last member went before the next one came"],
  [965, "an expiry replaced the deadline of a string that its client had not seen"],
  [1106, "an increment that made a dropped key anew was forgotten and made again"],
  [1329, "a key whose deadline a peer had prolonged stayed away after the server dropped it"],
  [3958, "a cell named twice by one frame lost what the first settling had found out"],
  [9834, "a DEL behind an APPEND was passed over while the read was under way: a peer's value was published as our own"],
  [17645, "a counter lost the part that was imported, after a crash in the middle of the import"],
];
