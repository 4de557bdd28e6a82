/**
 * `--help`, generated from the declaration: what the program is for, how a value is found, every option with its three
 * spellings, its default and its limits, and an example that works.
 */
import { environmentName, flagName, type OptionsDeclaration } from "./declaration.js";
import type { Field, ScalarField, Shape } from "./field.js";
import { allowedText } from "./scalar.js";
import { formatSize } from "./units.js";

/** Widest line of help, in characters. */
const COLUMNS = 100;

/** The whole help text. */
export function helpText<S extends Shape>(declaration: OptionsDeclaration<S>): string {
  const { program, environmentPrefix: prefix } = declaration;
  const parts = [
    `${program}: ${wrapped(declaration.summary, 0)}`,
    `Usage:\n  ${program} --config FILE [--option value ...]\n  ${program} --config FILE --print-config   check everything, show what would be used (secrets hidden), stop\n  ${program} --help | --version`,
    wrapped(
      `Every option can stand in the file, in the environment and on the command line. The command line wins over the environment, the environment over the file, the file over the default. The file may also be named by ${prefix}_CONFIG. All mistakes are reported at once and nothing starts until there are none. Prefer the environment for secrets: a command line can be read by every user of the machine.`,
      0,
    ),
    `Options:\n\n${section(declaration.fields, [], prefix)}`,
    `Example file:\n\n${indented(declaration.example.trim(), 2)}`,
    declaration.epilogue.trim(),
  ];
  return `${parts.join("\n\n")}\n`;
}

function section(shape: Shape, above: readonly string[], prefix: string): string {
  return Object.entries(shape)
    .map(([name, field]) => entry(field, [...above, name], prefix))
    .join("\n");
}

function entry(field: Field, path: readonly string[], prefix: string): string {
  const title = path.map((part) => (part === "*" ? "[N]" : part)).join(".").replaceAll(".[N]", "[N]");
  if (field.kind === "group") return `${title}:\n${wrapped(field.help, 4)}\n\n${section(field.fields, path, prefix)}`;
  const lines = [
    `  ${title}${field.required === true || (field.kind === "table" && field.rowsMin > 0) ? "   (required)" : defaultText(field)}`,
    `      ${flagName(exampled(path))}   ${environmentName(prefix, exampled(path))}`,
    wrapped(`${field.help} Allowed: ${allowedOf(field)}.`, 6),
    "",
  ];
  return field.kind === "table" ? `${lines.join("\n")}\n${section(field.fields, [...path, "*"], prefix)}` : lines.join("\n");
}

function exampled(path: readonly string[]): string[] {
  return path.map((part) => (part === "*" ? "0" : part));
}

function allowedOf(field: Exclude<Field, { kind: "group" }>): string {
  switch (field.kind) {
    case "list":
      return `${field.itemsMin ?? 0} to ${field.itemsMax} values (elsewhere than in the file separated by commas), each ${allowedText(field.item)}`;
    case "map":
      return `up to ${field.itemsMax} lines \`name: value\` (elsewhere than in the file name=value,name=value); name: ${field.key.says}; value: ${allowedText(field.item)}`;
    case "table":
      return `${field.rowsMin} to ${field.rowsMax} entries (elsewhere than in the file as JSON, or one field of entry N by the names below)`;
    default:
      return allowedText(field);
  }
}

function defaultText(field: Exclude<Field, { kind: "group" }>): string {
  if (field.kind === "map" || field.kind === "table" || field.default === undefined) return "";
  return `   (default ${defaultShown(field, field.default)})`;
}

function defaultShown(field: Field, value: unknown): string {
  if (field.kind === "bytes") return formatSize(value as number);
  if (field.kind === "duration") return `${String(value)}${field.unit}`;
  const unit = (field as ScalarField & { unit?: string }).unit;
  return `${Array.isArray(value) ? value.join(",") || "none" : String(value)}${unit === undefined ? "" : ` ${unit}`}`;
}

function indented(text: string, columns: number): string {
  return text.replace(/^(?=.)/gm, " ".repeat(columns));
}

function wrapped(text: string, indent: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + word.length + 1 > COLUMNS - indent) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return indented([...lines, line].join("\n"), indent);
}
