export {
  ARGUMENT_BYTES_MAX,
  ARGUMENTS_MAX,
  COMMAND_BYTES_MAX,
  CommandParser,
  type CommandView,
  type OnCommand,
} from "./command-parser.js";
export { CommandWriter, encodeCommand, SLAB_BYTES, type CommandArgument } from "./command-writer.js";
export {
  REPLY_BULK_BYTES_MAX,
  REPLY_DEPTH_MAX,
  REPLY_ELEMENTS_MAX,
  REPLY_LINE_BYTES_MAX,
  ReplyError,
  ReplyParser,
  type Reply,
} from "./reply-parser.js";
