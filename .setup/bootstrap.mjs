/**
 * Set-up before `npm test` and `npm run demo`: makes a fresh clone on a fresh machine ready, and does nothing, in a few
 * milliseconds, where everything is there. Plain Node without dependencies, because there may be none yet.
 *
 *     node .setup/bootstrap.mjs demo    npm packages, a Redis or Valkey server
 *     node .setup/bootstrap.mjs test    these, and Java 17 and Maven for the Kafka broker that tests run against
 *
 * With MERIDIAN_NO_SYSTEM_INSTALL=1 it installs nothing outside of this folder and says what is missing instead.
 */
import { requireJava, requireMaven, requireRedis } from "./machine.mjs";
import { requireNode, requireNodeModules } from "./node-modules.mjs";

const purpose = process.argv[2];
if (purpose !== "demo" && purpose !== "test") {
  console.error("usage: node .setup/bootstrap.mjs demo|test");
  process.exit(2);
}

try {
  requireNode();
  requireNodeModules();
  requireRedis();
  if (purpose === "test" && !process.env.MERIDIAN_TEST_KAFKA) {
    requireJava();
    requireMaven();
  }
} catch (error) {
  console.error(`set-up: ${error.message}`);
  process.exit(1);
}
