/** PUBLISH and SPUBLISH in the model: the stream carries them whoever listens; nobody does here. */
import { arg, wrongArity, type Command, type CommandTable } from "./command.js";

const publish: Command = (context, args) => {
  if (args.length !== 3) return wrongArity(arg(args, 0));
  context.emit(args);
  return 0;
};

/** Commands of messages. */
export const MESSAGE_COMMANDS: CommandTable = { publish, spublish: publish };
