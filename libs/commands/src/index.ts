export { argumentIs, argumentText, type ArgumentView } from "./argument-view.js";
export { exampleKeys, exampleWords, type ExampleContext } from "./example-words.js";
export { STREAM_EXAMPLES, type Example, type ExampleCommand } from "./stream-examples.js";
export { commandIn, commandNamed, commandOf } from "./command-lookup.js";
export type { CommandRow, Holds, KeyFinder, Since, Treatment } from "./command-row.js";
export { COMMAND_TABLE, existsIn, isObserved, type CommandName } from "./command-table.js";
export { FIELD_DEADLINE_COMMANDS } from "./rows-hash.js";
export { alternativesOf, matchingAlternative, type Arguments } from "./stream-form.js";
export { writtenElsewhere, writtenKeys, type KeyElsewhere } from "./written-keys.js";
