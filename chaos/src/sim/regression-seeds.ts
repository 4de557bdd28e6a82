/** Seeds that once failed, by the mistake that each of them shows. */
import type { SimOptions } from "./settings.js";

/**
 * Seeds that fail when a mistake that was once there is put back, with what the mistake was. A seed means something only as
 * long as nothing is changed that draws from it: whoever changes the workload or the schedule looks for new ones.
 */
export const REGRESSION_SEEDS: readonly (readonly [seed: number, mistake: string, options?: SimOptions])[] = [
  [4, "applying before the barrier is seen"],
  [19, "not applying again what a mark left out"],
  [59, "forgetting the selected database at a restart"],
  [83, "not noting which deadline the server holds after cells that decide about it are merged"],
  [92, "forgetting, for a cell named twice by a frame, what the first settling found out"],
  [293, "forgetting what was covered before it arrived"],
  [804, "forgetting an increment that made a dropped key anew"],
  [1037, "naming a change nowhere that comes between the batch that settles its cell and that batch's mark"],
  [1314, "replacing the deadline of a string that the client of an expiry had not seen"],
  [1523, "taking a key for present that our own script dropped, its deadline being past"],
  [1538, "taking an imported part of a counter for an error after a crash during the import"],
  [3657, "publishing a server's expiry as a delete while the deadline was open"],
  [14247, "removing a set's last member before adding the next: the deadline is gone"],
  [16378, "taking a SET for done that left no trace, its deadline being past"],
  [109697, "taking a key for away although an earlier life's increment had made it anew"],
  [1795237737930, "an expiry with an operation of its own is written although its key's string was skipped"],
  [1795263278065, "the checker of losses: taking for lost what a client had removed together with what won over it"],
  [5000863, "the checker of transactions: taking a sketch, which is read to be published, for a part that is missing"],
  [777362, "the checker of acknowledged writes: missing what its own clients removed before the list could be read", { families: ["list"] }],
  [1003, "that a stream is there is taken for true beside a list, and what is pushed is left to a read", { clashes: true }],
  [1165, "sums that were taken away are never forgotten in a hidden hash", { clashes: true }],
  [5151, "an edit that changes nothing of a stream is sent again and again, upon a string", { clashes: true }],
  [5772, "a string does not come back when the last member of what hid it is removed", { clashes: true }],
  [6054, "a sketch that comes with the same version as the removal of what was there is taken for deleted", { clashes: true }],
  [41280, "a member that the removing client had not seen is removed when the key changes its type", { clashes: true }],
  [8400063, "what a type hides is not recorded where the key expired before all of it was settled", { clashes: true }],
  [52000408, "a delete of a sketch is never forgotten where the sketch's value stands nowhere any more", { clashes: true }],
  [360000072, "a deadline that met a number that a client had just set is forgotten: what the server drops is published as a delete", { clashes: true, commands: 80 }],
  [2249, "dropping a register's value while the deadline that the server has for it is too near", { registers: true }],
  [1795285524336, "the checker of registers: missing that a client wrote what another region had already written there"],
  [1795273489066, "what a read in the first import does not find is taken for removed by a client"],
  [7800033, "a value that is merged and due to come back goes with the removal of its key, though no client could see it"],
  [1795285580312, "that a stream is there, written while another type goes, is kept beside what has replaced it"],
  [2118, "that a stream was there in two regions is told as a value that lost"],
  [1795279194082, "a value that comes back beside one that a client wrote is not in the ledger"],
  [7902120, "beside other types a stream is taken for there after a client has deleted it"],
  [9042, "a group that can forget is looked at before it has, because a region that is no member stands still", { residents: true, faults: ["loss", "usurper", "flushall"] }],
  [1860, "the checker of transactions: not asking whether the writer has counted that it could not wait any longer", { families: ["string", "hash"], units: true }],
];
