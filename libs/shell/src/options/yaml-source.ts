/**
 * The configuration file: YAML 1.2, one document, a map at the top.
 *
 * Keeps the line of every value. Refuses what makes a configuration hard to read or dangerous to parse: duplicate
 * keys, anchors and aliases, tags, several documents, files above {@link FILE_BYTES_MAX}. The parser's own messages are
 * not passed on, because they quote the text and the text may be a password.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type Document, type ParsedNode } from "yaml";
import type { OptionProblem } from "./problem.js";
import type { Raw, RawMap, RawScalar } from "./raw.js";

/** Largest configuration file that is read. */
export const FILE_BYTES_MAX = 1024 * 1024;

/** Deepest nesting that is followed; the rest is reported. */
const DEPTH_MAX = 16;

/** What was read: `root` is missing where nothing could be. */
export interface YamlReading {
  readonly root?: Raw;
  readonly problems: readonly OptionProblem[];
}

/** Reads YAML text. `originOf` names a place from a line number, counted from 1. */
export function readYaml(text: string, originOf: (line: number) => string): YamlReading {
  if (Buffer.byteLength(text) > FILE_BYTES_MAX) {
    return { problems: [syntaxProblem(originOf(1), `more than ${FILE_BYTES_MAX} bytes`, "a configuration of reasonable size")] };
  }
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, schema: "core", version: "1.2" });
  if ("empty" in documents) return { root: emptyMap(originOf(1)), problems: [] };
  const [document, second] = documents;
  if (document === undefined) return { root: emptyMap(originOf(1)), problems: [] };
  const originAt = (offset: number): string => originOf(lines.linePos(offset).line);
  const problems = syntaxProblems(document, originAt);
  if (second !== undefined) problems.push(syntaxProblem(originAt(second.range[0]), "a second document (`---`)", "one document"));
  if (problems.length > 0) return { problems };
  if (document.contents === null) return { root: emptyMap(originOf(1)), problems: [] };
  const reader = new NodeReader(originAt);
  const root = reader.read(document.contents, 0);
  return reader.problems.length > 0 ? { problems: reader.problems } : { root, problems: [] };
}

/** The file's top, which must be a map; `root` is missing where it is not. */
export function readYamlFile(text: string, name: string): { readonly root?: RawMap; readonly problems: readonly OptionProblem[] } {
  const { root, problems } = readYaml(text, (line) => `${name}:${line}`);
  if (root === undefined) return { problems };
  if (root.form === "map") return { root, problems };
  return { problems: [...problems, syntaxProblem(root.origin, "something else at the top", "`name: value` lines")] };
}

function emptyMap(origin: string): RawMap {
  return { form: "map", entries: new Map(), origin };
}

function syntaxProblem(origin: string, found: string, allowed: string): OptionProblem {
  return { field: "(file)", origin, found, allowed };
}

const SYNTAX: Readonly<Record<string, readonly [found: string, allowed: string]>> = {
  DUPLICATE_KEY: ["a name that stands there twice", "every name once"],
  TAB_AS_INDENT: ["a tab used to indent", "spaces"],
  BAD_INDENT: ["indentation that does not fit, or a bracket that is not closed", "the same number of spaces for neighbours"],
  MISSING_CHAR: ["a missing quote, bracket or colon", "YAML 1.2; quote text that holds special characters"],
  BAD_ALIAS: ["an alias (`*name`)", "values written out; quote text that begins with `*`"],
  TAG_RESOLVE_FAILED: ["a tag (`!name`)", "values without tags; quote text that begins with `!`"],
};

function syntaxProblems(document: Document, originAt: (offset: number) => string): OptionProblem[] {
  const all = [...document.errors, ...document.warnings];
  const first = all.find((error) => error.code !== "DUPLICATE_KEY");
  // One missing quote makes a dozen errors after it; names given twice are independent of each other.
  return all.filter((error) => error === first || error.code === "DUPLICATE_KEY").map((error) => {
    const [found, allowed] = SYNTAX[error.code] ?? ["something that is not YAML", "YAML 1.2; quote text that holds special characters"];
    return syntaxProblem(originAt(error.pos[0]), found, allowed);
  });
}

/** Turns the parser's nodes into raw values. */
class NodeReader {
  readonly problems: OptionProblem[] = [];
  readonly #originAt: (offset: number) => string;

  constructor(originAt: (offset: number) => string) {
    this.#originAt = originAt;
  }

  read(node: ParsedNode, depth: number): Raw {
    const origin = this.#originAt(node.range[0]);
    if (depth > DEPTH_MAX) {
      this.problems.push(syntaxProblem(origin, `nesting deeper than ${DEPTH_MAX}`, "less"));
      return { form: "scalar", text: "", type: "empty", origin };
    }
    if (isMap(node)) {
      const entries = new Map<string, Raw>();
      for (const pair of node.items) {
        const key = isScalar(pair.key) ? (pair.key.source ?? String(pair.key.value)) : "";
        const value = pair.value;
        const empty = (): RawScalar => ({ form: "scalar", text: "", type: "empty", origin });
        entries.set(key, value === null ? empty() : this.read(value, depth + 1));
      }
      return { form: "map", entries, origin };
    }
    if (isSeq(node)) return { form: "list", items: node.items.map((item) => this.read(item, depth + 1)), origin };
    if (isAlias(node)) {
      this.problems.push(syntaxProblem(origin, ...SYNTAX["BAD_ALIAS"]!));
      return { form: "scalar", text: "", type: "empty", origin };
    }
    return { form: "scalar", text: node.source, type: scalarType(node.value), origin };
  }
}

function scalarType(value: unknown): RawScalar["type"] {
  if (value === null) return "empty";
  if (typeof value === "number" || typeof value === "bigint") return "number";
  return typeof value === "boolean" ? "boolean" : "text";
}
