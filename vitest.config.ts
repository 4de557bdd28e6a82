import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Tests run against sources: `@meridian/x` is `<folder of x>/src/index.ts`, so no build is needed to run one test. */
function sourceAliases(): Record<string, string> {
  const folders = [
    ...readdirSync(`${here}libs`).map((name) => [name, `libs/${name}`] as const),
    ...readdirSync(`${here}services`).map((name) => [name, `services/${name}`] as const),
    ["chaos", "chaos"] as const,
  ];
  return Object.fromEntries(folders.map(([name, folder]) => [`@meridian/${name}`, `${here}${folder}/src/index.ts`]));
}

export default defineConfig({
  resolve: { alias: sourceAliases() },
  test: {
    include: ["libs/*/src/**/*.test.ts", "services/*/src/**/*.test.ts", "chaos/src/**/*.test.ts"],
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
