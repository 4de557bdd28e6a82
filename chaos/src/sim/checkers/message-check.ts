/**
 * Messages that clients publish, and what of them is published in other regions. Each has a text of its own, so that a checker can tell
 * where it came from. Nothing of an agent is believed but its count of messages that did not wait.
 *
 * Checked at each script: no region hears its own messages again, none that nobody relays, and of each region in order, none twice; and
 * never while its server still holds of a string what the message's own server had replaced before. At rest: every message was heard in
 * every region, unless it may have become too old; and the log holds what clients published, once.
 */
import { ChannelPatterns, type MessageOptions } from "@meridian/region";
import { isUnique } from "./chronicle.js";
import { cellName, type ServerCells } from "./cells-of-server.js";
import type { ClientCommand } from "../mesh/event.js";
import type { Problem } from "./problem.js";
import { problemsOf } from "./problem.js";
import type { KeyRules } from "../mesh/residents.js";
import type { SimSettings } from "../settings.js";
import type { World } from "../mesh/world.js";

/** A channel that is relayed, and one that is not. */
export const RELAYED = "news";
export const KEPT = "gossip";
const CHANNELS = new ChannelPatterns(["n?w[s]*"]);
const BYTES_MAX = 1000;

/** A message that a client published. */
interface Sent {
  readonly at: number;
  readonly text: string;
  readonly channel: string;
  /** What strings had held in its server, and not at that moment, by cell. */
  readonly replaced: ReadonlyMap<string, ReadonlySet<string>>;
}

/** What agents are told. */
export function messagesOf({ messages }: SimSettings): MessageOptions | undefined {
  return messages && { channels: CHANNELS, ageMsMax: messages.ageMsMax, bytesMax: BYTES_MAX };
}

/** See the module's comment. One for a run with messages. */
export class MessageCheck {
  readonly #policies: KeyRules | undefined;
  /** Replaced contents are of use where nothing else takes them away or brings them back. */
  readonly #comparesContents: boolean;
  readonly #sent = new Map<string, Sent>();
  /** What each region's clients made strings hold: by region, by cell, the last one being there. */
  readonly #held: Map<string, string[]>[];
  /** What each region heard, by the region that it came from. */
  readonly #heard: Map<number, number[]>[];

  constructor({ regions, clashes, expiries }: SimSettings, policies: KeyRules | undefined) {
    this.#policies = policies;
    this.#comparesContents = !clashes && expiries === 0;
    this.#held = Array.from({ length: regions }, () => new Map<string, string[]>());
    this.#heard = Array.from({ length: regions }, () => new Map<number, number[]>());
  }

  /** A client's commands were taken. `isFollowed`: an agent has attached to its server before. `before`: what it held. */
  onClient(at: number, db: number, commands: readonly ClientCommand[], before: ServerCells, isFollowed: boolean): void {
    for (const [name, key = "", value = "", ...rest] of commands) {
      if (name === "SET" && rest.length === 0) this.#noteHeld(at, cellName(db, key, "s"), before.get(cellName(db, key, "s")), value);
      else if (name === "PUBLISH") {
        const replaced = new Map([...(this.#held[at] ?? [])].map(([cell, contents]) => [cell, new Set(contents.slice(0, -1))]));
        if (isFollowed) this.#sent.set(value, { at, text: value, channel: key, replaced });
      } else if (name !== "INCRBY") {
        // What other commands do to a string is not followed: from there on nothing is known of it.
        for (const word of [key, value, ...rest]) this.#held[at]?.delete(cellName(db, word, "s"));
      }
    }
  }

  #noteHeld(at: number, cell: string, before: string | undefined, value: string): void {
    const key = cell.split("|")[1] ?? "";
    // Of what resides in some regions the order is that of another log.
    if ((this.#policies?.groupOf(key) ?? "") !== "") return;
    if (!this.#comparesContents || this.#policies?.isLocal(key) === true || this.#policies?.isRegister(key) === true) return;
    const known = this.#held[at]?.get(cell) ?? [];
    if (isUnique(before) && known.at(-1) !== before) known.push(before);
    this.#held[at]?.set(cell, [...known, value].filter((content, index, all) => isUnique(content) || index === all.length - 1));
  }

  /** A script has run. `commands`: what it left in the stream; `cells`: what its server holds now; `early`: messages that did not wait. */
  onScript(at: number, commands: readonly (readonly string[])[], cells: ServerCells, early: number): Problem[] {
    return commands.flatMap(([name, channel = "", text = ""]) => (name === "PUBLISH" ? this.#hear(at, channel, text, cells, early) : []));
  }

  #hear(at: number, channel: string, text: string, cells: ServerCells, early: number): Problem[] {
    const sent = this.#sent.get(text);
    const problem = (line: string): Problem[] => problemsOf("messages", [`r${at}: ${line}`]);
    if (!sent || sent.channel !== channel || channel !== RELAYED) return problem(`heard ${text} on ${channel}, which nobody relays`);
    if (sent.at === at) return problem(`hears its own ${text} again`);
    const number = Number(text.slice(1));
    const heard = this.#heard[at]?.get(sent.at) ?? [];
    const last = heard.at(-1) ?? 0;
    this.#heard[at]?.set(sent.at, [...heard, number]);
    if (number <= last) return problem(`heard ${text} of r${sent.at} ${heard.includes(number) ? "twice" : `behind m${last}`}`);
    if (early > 0) return [];
    return [...sent.replaced].flatMap(([cell, contents]) => {
      const held = cells.get(cell);
      return held !== undefined && contents.has(held) ? problem(`heard ${text} of r${sent.at}, and still holds ${cell} = ${held}, replaced there before`) : [];
    });
  }

  /** What is missing at rest. */
  atRest(world: World, published: readonly { readonly at: number; readonly text: string }[]): Problem[] {
    const { messages, absentAfterMs } = world.settings;
    const lines: string[] = [];
    const times = new Map<string, number>();
    for (const { at, text } of published) {
      const sent = this.#sent.get(text);
      if (sent?.at !== at || sent.channel !== RELAYED) lines.push(`r${at} published ${text}, which none of its clients said on a channel that is relayed`);
      times.set(text, (times.get(text) ?? 0) + 1);
    }
    for (const [text, count] of times) if (count > 1) lines.push(`${text} stands ${count} times in the log`);
    // A region that stands still relays nothing, and hears nothing.
    const isWhole = world.flushed === undefined && absentAfterMs === 0;
    for (const { at, text, channel } of isWhole ? this.#sent.values() : []) {
      if (channel !== RELAYED) continue;
      if (!times.has(text)) lines.push(`${text} of r${at} does not stand in the log`);
      if (messages?.ageMsMax !== Infinity) continue;
      for (const [other, heard] of this.#heard.entries()) {
        if (other !== at && heard.get(at)?.includes(Number(text.slice(1))) !== true) lines.push(`r${other} never heard ${text} of r${at}`);
      }
    }
    return problemsOf("messages", lines);
  }
}
