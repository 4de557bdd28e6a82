/** The command table as a text for people: TABLE.md is this, and a test holds the two together. */
import type { CommandRow, Since } from "./command-row.js";
import { COMMAND_TABLE } from "./command-table.js";

/** The table in Markdown, one line per row, in the table's order. */
export function tableText(): string {
  const lines = COMMAND_TABLE.map((row) => `| ${cells(row).map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
  return [
    "# Every write command and what becomes of it",
    "",
    "Made from the rows in `src`; `npx vitest run libs/commands -u` writes it anew. The notation of *in the stream* is explained in",
    "`src/stream-form.ts`. *Shown* commands are counted by name in the status, because peers do not get their effect in full.",
    "",
    "| command | treatment | in the stream | since | why |",
    "|---|---|---|---|---|",
    ...lines,
    "",
  ].join("\n");
}

function cells(row: CommandRow): string[] {
  const treatment = row.counted ? `${row.treatment}, shown` : row.treatment;
  return [row.name.replace("|", " ").toUpperCase(), treatment, `\`${row.stream}\``, sinceText(row.since), row.why];
}

function sinceText(since: Since): string {
  if (typeof since === "string") return since;
  const { redis, valkey } = since;
  return [redis && `Redis ${redis}`, valkey && `Valkey ${valkey}`].filter(Boolean).join(", ");
}
