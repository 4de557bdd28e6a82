/**
 * Option fields: what a service accepts, declared once as data.
 *
 * A declaration is a tree of fields built with {@link option}. Everything else (reading, checking, `--help`,
 * `--print-config`, the TypeScript type of the result) is derived from that tree, so that none of them can disagree.
 * A field says what is allowed; it never reads anything itself.
 */

/** Units that a duration field may be counted in. */
export type DurationUnit = "ms" | "s" | "min" | "h" | "d";

/** What every field has: a sentence of help, and whether a value must come from somewhere. */
interface Common {
  /** What the field does and when to change it; shown by `--help`. */
  readonly help: string;
  /** A value must be given; there is no default. */
  readonly required?: true;
}

/** What text must look like: a test, and the same in words. */
export interface TextShape {
  readonly accepts: (text: string) => boolean;
  readonly says: string;
}

/** Plain text, never empty. */
export interface TextField extends Common {
  readonly kind: "text";
  readonly default?: string;
  readonly shape?: TextShape;
}

/** Text that is never shown again. */
export interface SecretField extends Common {
  readonly kind: "secret";
  readonly default?: never;
}

/** A number with bounds, whole or not. `unit` is for people. */
export interface NumberField extends Common {
  readonly kind: "integer" | "number";
  readonly default?: number;
  readonly min?: number;
  readonly max?: number;
  readonly unit?: string;
}

/** True or false. */
export interface BooleanField extends Common {
  readonly kind: "boolean";
  readonly default?: boolean;
}

/** A span of time, delivered as a whole number of `unit`; `250ms`, `5s`, `2min`, `1h`, `7d` or a bare number of `unit`. */
export interface DurationField extends Common {
  readonly kind: "duration";
  readonly unit: DurationUnit;
  readonly default?: number;
  readonly min?: number;
  readonly max?: number;
}

/** A size, delivered in bytes; `64MiB`, `1GB` or a bare number of bytes. */
export interface BytesField extends Common {
  readonly kind: "bytes";
  readonly default?: number;
  readonly min?: number;
  readonly max?: number;
}

/** One of a closed list of words. */
export interface ChoiceField extends Common {
  readonly kind: "choice";
  readonly values: readonly string[];
  readonly default?: string;
}

/** An address `scheme://[user:password@]host[:port]` without path, query or fragment. Its password is never shown. */
export interface UrlField extends Common {
  readonly kind: "url";
  readonly schemes: readonly string[];
  readonly default?: string;
}

/** Fields whose value is one scalar. */
export type ScalarField =
  | TextField
  | SecretField
  | NumberField
  | BooleanField
  | DurationField
  | BytesField
  | ChoiceField
  | UrlField;

/** A list of scalars without duplicates; in the environment and in flags separated by commas. */
export interface ListField extends Common {
  readonly kind: "list";
  readonly item: ScalarField;
  readonly default?: readonly unknown[];
  readonly itemsMin?: number;
  readonly itemsMax: number;
}

/** Named scalars; in the environment and in flags `name=value,name=value`. */
export interface MapField extends Common {
  readonly kind: "map";
  readonly key: TextShape;
  readonly item: ScalarField;
  readonly itemsMax: number;
}

/** A list of objects. Rows can be overlaid one field at a time by index: `SERVERS_0_PASSWORD`. */
export interface TableField extends Common {
  readonly kind: "table";
  readonly fields: Shape;
  readonly rowsMin: number;
  readonly rowsMax: number;
}

/** Fields that belong together under one name. */
export interface GroupField {
  readonly kind: "group";
  readonly help: string;
  readonly fields: Shape;
}

/** Any field. */
export type Field = ScalarField | ListField | MapField | TableField | GroupField;

/** Fields by name (camelCase). */
export interface Shape {
  readonly [name: string]: Field;
}

declare const carried: unique symbol;

/** Carries the type of a field's value; exists for the compiler only. */
export interface Declared<T> {
  readonly [carried]?: () => T;
}

/** The value that a declared shape yields. */
export type OptionsOf<S> = { readonly [K in keyof S]: S[K] extends Declared<infer T> ? T : never };

type Given<R, T> = R extends { readonly default: unknown } | { readonly required: true } ? T : T | undefined;
type RuleOf<F> = Omit<F, "kind">;
type Rows<S> = readonly OptionsOf<S>[];

/** Builders of fields, one for each kind. */
export const option = {
  text<const R extends RuleOf<TextField>>(rule: R): TextField & Declared<Given<R, string>> {
    return { kind: "text", ...rule };
  },
  secret<const R extends RuleOf<SecretField>>(rule: R): SecretField & Declared<Given<R, string>> {
    return { kind: "secret", ...rule };
  },
  integer<const R extends RuleOf<NumberField>>(rule: R): NumberField & Declared<Given<R, number>> {
    return { kind: "integer", ...rule };
  },
  number<const R extends RuleOf<NumberField>>(rule: R): NumberField & Declared<Given<R, number>> {
    return { kind: "number", ...rule };
  },
  boolean<const R extends RuleOf<BooleanField>>(rule: R): BooleanField & Declared<Given<R, boolean>> {
    return { kind: "boolean", ...rule };
  },
  duration<const R extends RuleOf<DurationField>>(rule: R): DurationField & Declared<Given<R, number>> {
    return { kind: "duration", ...rule };
  },
  bytes<const R extends RuleOf<BytesField>>(rule: R): BytesField & Declared<Given<R, number>> {
    return { kind: "bytes", ...rule };
  },
  choice<const R extends RuleOf<ChoiceField>>(rule: R): ChoiceField & Declared<Given<R, R["values"][number]>> {
    return { kind: "choice", ...rule };
  },
  url<const R extends RuleOf<UrlField>>(rule: R): UrlField & Declared<Given<R, string>> {
    return { kind: "url", ...rule };
  },
  list<const R extends RuleOf<ListField>>(
    rule: R,
  ): ListField & Declared<Given<R, readonly (R["item"] extends Declared<infer T> ? NonNullable<T> : never)[]>> {
    return { kind: "list", ...rule };
  },
  /** Absent means empty. */
  map<const R extends RuleOf<MapField>>(
    rule: R,
  ): MapField & Declared<Readonly<Record<string, R["item"] extends Declared<infer T> ? NonNullable<T> : never>>> {
    return { kind: "map", ...rule };
  },
  /** Absent means no rows. */
  table<const R extends RuleOf<TableField>>(rule: R): TableField & Declared<Rows<R["fields"]>> {
    return { kind: "table", ...rule };
  },
  group<const S extends Shape>(help: string, fields: S): GroupField & Declared<OptionsOf<S>> {
    return { kind: "group", help, fields };
  },
};
