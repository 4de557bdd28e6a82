/** Handlers of the stream commands, in the form in which the server's stream carries them. */
import { argumentIs, argumentText, type ArgumentView } from "@meridian/commands";
import { encodePairs, type BytesPart } from "@meridian/merge";
import { entryAt, type LocalCommand } from "./command-scope.js";

/** Ids arrive as clients wrote them: `5` is `5-0`, `05-1` is `5-1`. */
function entryId(text: string): string {
  const [ms = "", seq = "0"] = text.split("-");
  return `${stripped(ms)}-${stripped(seq)}`;
}

function stripped(digits: string): string {
  return digits.replace(/^0+(?=\d)/, "");
}

const xadd: LocalCommand = (view, scope) => {
  const entry = entryAt(view, 1, scope);
  if (!entry) return;
  let at = 2;
  let trims = false;
  for (;;) {
    if (argumentIs(view, at, "nomkstream")) at += 1;
    else if (argumentIs(view, at, "limit")) at += 2;
    else if (argumentIs(view, at, "maxlen") || argumentIs(view, at, "minid")) {
      trims = true;
      at += argumentIs(view, at + 1, "=") || argumentIs(view, at + 1, "~") ? 3 : 2;
    } else break;
  }
  scope.streams.add(entry, entryId(argumentText(view, at)), pairsFrom(view, at + 1));
  if (trims) scope.streams.trimmed(entry);
};

function pairsFrom(view: ArgumentView, from: number): Buffer {
  const parts: BytesPart[] = [];
  for (let at = from; at < view.argc; at += 1) parts.push({ bytes: view.buffer, start: view.starts[at] ?? 0, end: view.ends[at] ?? 0 });
  return encodePairs(parts);
}

const xdel: LocalCommand = (view, scope) => {
  const entry = entryAt(view, 1, scope);
  if (!entry) return;
  const ids = new Set<string>();
  for (let at = 2; at < view.argc; at += 1) ids.add(entryId(argumentText(view, at)));
  for (const id of ids) scope.streams.remove(entry, id);
};

const xtrim: LocalCommand = (view, scope) => {
  const entry = entryAt(view, 1, scope);
  if (entry) scope.streams.trimmed(entry);
};

const xsetid: LocalCommand = (view, scope) => {
  const entry = entryAt(view, 1, scope);
  if (entry) scope.streams.lowerLastId(entry, entryId(argumentText(view, 2)));
};

const createGroup: LocalCommand = (view, scope) => {
  const entry = entryAt(view, 2, scope);
  const start = argumentText(view, 4);
  if (entry) scope.streams.createGroup(entry, argumentText(view, 3), start === "$" ? start : entryId(start));
};

const destroyGroup: LocalCommand = (view, scope) => {
  const entry = entryAt(view, 2, scope);
  if (entry) scope.streams.destroyGroup(entry, argumentText(view, 3));
};

/** Handlers by lower-case name. */
export const STREAM_COMMANDS: readonly (readonly [string, LocalCommand])[] = [
  ["xadd", xadd],
  ["xdel", xdel],
  ["xtrim", xtrim],
  ["xsetid", xsetid],
  ["xgroup|create", createGroup],
  ["xgroup|destroy", destroyGroup],
];
