/**
 * Relaying of messages as options: of which channels, how old and how long they may be.
 */
import { CHANNEL_PATTERNS_MAX, ChannelPatterns, type MessageOptions } from "@meridian/region";
import { option, type TextShape } from "@meridian/shell";
import type { AgentOptions } from "./options.js";

/** Every message is held against each of them. */
const PATTERN_CHARS_MAX = 200;

const PATTERN: TextShape = { accepts: (text) => text.length > 0 && text.length <= PATTERN_CHARS_MAX, says: `1 to ${PATTERN_CHARS_MAX} characters` };

/** The group. */
export const MESSAGE_FIELDS = option.group("Relaying messages (PUBLISH): to subscribers in the other regions, each once, behind the writes that stand before it.", {
  channels: option.list({
    help: "Patterns of channels, as PSUBSCRIBE reads them: messages of clients on these are published to the other regions, and messages from there are accepted on these only. None: messages stay in their region. For each the agent's user needs a channel right, as &orders.*, and +publish. Every agent of the mesh must be able to relay before the first is told to.",
    item: option.text({ help: "Pattern.", shape: PATTERN }),
    default: [],
    itemsMax: CHANNEL_PATTERNS_MAX,
  }),
  ageMsMax: option.duration({
    help: "A message that is older when it could be published here is dropped and counted. Its age counts from when its region's agent read it.",
    unit: "ms",
    default: 60_000,
    min: 1000,
    max: 7 * 24 * 3_600_000,
  }),
  bytesMax: option.bytes({ help: "The longest message of this region that is relayed, its channel counted in; longer ones are counted by channel.", default: 64 * 2 ** 10, min: 1, max: 2 ** 20 }),
});

/** What a region is told; undefined where messages stay. */
export function messagesOf({ messages: { channels, ageMsMax, bytesMax } }: Pick<AgentOptions, "messages">): MessageOptions | undefined {
  if (channels.length === 0) return undefined;
  const patterns = channels.map((pattern) => Buffer.from(pattern, "utf8").toString("latin1"));
  return { channels: new ChannelPatterns(patterns), ageMsMax, bytesMax };
}
