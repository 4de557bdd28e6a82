/**
 * Fetches the Kafka broker of the tests before they run, so that a first run spends no test's time on a download. After
 * a build; does nothing where it is there, or where MERIDIAN_TEST_KAFKA names a broker.
 */
import { installKafka } from "../libs/testkit/dist/kafka-install.js";

if (!process.env.MERIDIAN_TEST_KAFKA) {
  const startedMs = performance.now();
  await installKafka();
  const seconds = (performance.now() - startedMs) / 1000;
  if (seconds > 1) console.log(`set-up: Kafka broker ready after ${seconds.toFixed(0)} s`);
}
