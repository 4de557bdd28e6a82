/**
 * Patterns of channels, as PSUBSCRIBE and KEYS read them: `*` any bytes, `?` one, `[abc]`, `[a-c]`, `[^a]` one of a class, `\x`
 * the byte x. Matching takes at most pattern times name steps. Channels that servers,
 * Sentinel or this project use among themselves match none.
 */
import { RESERVED_PREFIX } from "@meridian/mark";

/** Patterns of one table. */
export const CHANNEL_PATTERNS_MAX = 32;

/** What is said on these is about one server: another region must not hear it. */
const INTERNAL_PREFIXES = [RESERVED_PREFIX, "__sentinel__:", "__keyspace@", "__keyevent@", "__redis__:"];

/** What one place of a name must be: any bytes, or one byte of these ranges. */
type Token = "*" | { readonly excludes: boolean; readonly ranges: readonly (readonly [from: number, to: number])[] };

const ANY_BYTE: Token = { excludes: true, ranges: [] };

/** See the module's comment. Patterns and names are binary strings. */
export class ChannelPatterns {
  readonly #patterns: readonly (readonly Token[])[];

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.map(tokensOf);
  }

  /** True where one of the patterns matches, and the channel is not an internal one. */
  includes(channel: string): boolean {
    if (!this.#patterns.some((tokens) => matches(tokens, channel))) return false;
    return !INTERNAL_PREFIXES.some((prefix) => channel.startsWith(prefix));
  }
}

function tokensOf(pattern: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern.charAt(at);
    if (char === "*") {
      if (tokens.at(-1) !== "*") tokens.push("*");
    } else if (char === "?") tokens.push(ANY_BYTE);
    else if (char === "[") {
      const { token, end } = classAt(pattern, at + 1);
      tokens.push(token);
      at = end;
    } else {
      if (char === "\\" && at + 1 < pattern.length) at += 1;
      tokens.push(oneOf(pattern.charCodeAt(at)));
    }
  }
  return tokens;
}

function oneOf(byte: number): Token {
  return { excludes: false, ranges: [[byte, byte]] };
}

/** A class that nobody closes ends with the pattern. */
function classAt(pattern: string, from: number): { token: Token; end: number } {
  let at = from;
  const excludes = pattern.charAt(at) === "^";
  if (excludes) at += 1;
  const ranges: (readonly [number, number])[] = [];
  for (; at < pattern.length; at += 1) {
    const char = pattern.charAt(at);
    if (char === "]") break;
    if (char === "\\" && at + 1 < pattern.length) {
      at += 1;
      ranges.push([pattern.charCodeAt(at), pattern.charCodeAt(at)]);
    } else if (pattern.charAt(at + 1) === "-" && at + 2 < pattern.length) {
      const [one, other] = [pattern.charCodeAt(at), pattern.charCodeAt(at + 2)];
      ranges.push([Math.min(one, other), Math.max(one, other)]);
      at += 2;
    } else ranges.push([pattern.charCodeAt(at), pattern.charCodeAt(at)]);
  }
  return { token: { excludes, ranges }, end: at };
}

/** Goes back to the last `*` only, which is enough: what an earlier one could take, the last one can take too. */
function matches(tokens: readonly Token[], name: string): boolean {
  let [at, token] = [0, 0];
  let star: { readonly token: number; at: number } | undefined;
  while (at < name.length) {
    const next = tokens[token];
    if (next === "*") {
      star = { token: token + 1, at };
      token += 1;
    } else if (next && takes(next, name.charCodeAt(at))) {
      at += 1;
      token += 1;
    } else if (star) {
      star.at += 1;
      at = star.at;
      token = star.token;
    } else return false;
  }
  while (tokens[token] === "*") token += 1;
  return token === tokens.length;
}

function takes(token: Exclude<Token, "*">, byte: number): boolean {
  return token.ranges.some(([from, to]) => byte >= from && byte <= to) !== token.excludes;
}
