/**
 * `--print-config`: the configuration that would be used, as YAML, each line with the place its value came from.
 *
 * Secrets and passwords in addresses are replaced by {@link MASK}. What is printed can be read back as a file once the
 * masks are filled in.
 */
import { Scalar, stringify } from "yaml";
import type { Field, Shape } from "./field.js";
import { maskPassword } from "./problem.js";

/** Stands where a secret was. */
export const MASK = "***";

/** YAML of checked options. `origins` maps paths to where they came from. */
export function printedConfig(shape: Shape, options: object, origins: ReadonlyMap<string, string>): string {
  return stringify(groupNode(shape, options as Record<string, unknown>, [], origins), { lineWidth: 0 });
}

/** The options with everything secret replaced: safe to log and to show. */
export function maskedOptions(shape: Shape, options: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(shape).flatMap(([name, field]): [string, unknown][] => {
      const value = (options as Record<string, unknown>)[name];
      return value === undefined ? [] : [[name, masked(field, value)]];
    }),
  );
}

function masked(field: Field, value: unknown): unknown {
  switch (field.kind) {
    case "group":
      return maskedOptions(field.fields, value as object);
    case "table":
      return (value as object[]).map((row) => maskedOptions(field.fields, row));
    case "list":
      return (value as unknown[]).map((item) => masked(field.item, item));
    case "map":
      return Object.fromEntries(Object.entries(value as object).map(([name, item]) => [name, masked(field.item, item)]));
    case "secret":
      return MASK;
    case "url":
      return maskPassword(value as string);
    default:
      return value;
  }
}

function groupNode(shape: Shape, options: Record<string, unknown>, above: readonly string[], origins: ReadonlyMap<string, string>): object {
  return Object.fromEntries(
    Object.entries(shape).flatMap(([name, field]): [string, unknown][] => {
      const value = options[name];
      if (value === undefined) return [];
      const path = [...above, name];
      if (field.kind === "group") return [[name, groupNode(field.fields, value as Record<string, unknown>, path, origins)]];
      if (field.kind === "table") {
        const rows = value as Record<string, unknown>[];
        return [[name, rows.map((row, at) => groupNode(field.fields, row, [...path, String(at)], origins))]];
      }
      return [[name, commented(masked(field, value), origins.get(path.join(".")))]];
    }),
  );
}

function commented(value: unknown, origin: string | undefined): unknown {
  if (typeof value === "object" || origin === undefined) return value;
  const scalar = new Scalar(value);
  scalar.comment = ` ${origin}`;
  return scalar;
}
