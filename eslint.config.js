/**
 * Lint rules: what the type checker cannot see and reviewers should not have to. Layers, file lengths, names and
 * dependencies are held by libs/testkit/src/tidy.test.ts.
 */
import tseslint from "typescript-eslint";

const NO_DEEP_IMPORTS = {
  patterns: [{ regex: "^@meridian/[^/]+/.+", message: "import a package by its name; what it keeps inside may change" }],
};

const RULES = {
  "max-len": ["error", { code: 140, ignoreUrls: true, ignoreRegExpLiterals: true, ignoreStrings: true, ignoreTemplateLiterals: true }],
  "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true, IIFEs: true }],
  eqeqeq: "error",
  "no-console": "error",
  "no-constant-binary-expression": "error",
  "no-implicit-coercion": ["error", { boolean: true, number: false, string: false, disallowTemplateShorthand: false }],
  "no-param-reassign": "error",
  "no-restricted-imports": ["error", NO_DEEP_IMPORTS],
  "no-self-compare": "error",
  "no-template-curly-in-string": "error",
  "object-shorthand": "error",
  "prefer-const": "error",

  "@typescript-eslint/consistent-type-exports": "error",
  "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
  "@typescript-eslint/explicit-module-boundary-types": "error",
  "@typescript-eslint/no-floating-promises": "error",
  "@typescript-eslint/no-misused-promises": "error",
  "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_", caughtErrors: "none" }],
  "@typescript-eslint/prefer-readonly": "error",
  "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
  "@typescript-eslint/return-await": ["error", "in-try-catch"],
  "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
};

/** A `describe` is one function however many tests it holds; so is the acceptance suite of a port. */
const TEST_RULES = {
  "max-lines-per-function": "off",
};

export default tseslint.config(
  {
    ignores: ["**/dist/**", "**/node_modules/**", "**/gen/**", ".cache/**", "coverage/**", "**/*.mjs", "**/*.js"],
  },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: RULES,
  },
  { files: ["**/*.test.ts", "**/acceptance.ts"], rules: TEST_RULES },
);
