/**
 * The agent as a process: options, logger, pipelines, HTTP, put together in that order.
 *
 * HTTP listens before the pipelines start, so that a slow start can be watched; it stops after them, so that the drain
 * can be watched too. One log line, `listening`, names its address.
 */
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { createLogger, HttpServer, loadOptions, maskedOptions, runService, type Environment, type Part, type Service } from "@meridian/shell";
import { AGENT_DECLARATION } from "./agent-declaration.js";
import type { PipelineFactory } from "./agent-pipeline.js";
import { agentCommands, agentRoutes } from "./agent-routes.js";
import { Agent } from "./agent.js";
import { AGENT_FIELDS, type AgentOptions } from "./options.js";

/** What the process is given. */
export interface AgentProcess {
  /** Words behind the program's name. */
  readonly args: readonly string[];
  readonly environment: Environment;
  readonly version: string;
  readonly pipelines: PipelineFactory;
}

/** Runs an agent until it is asked to stop or fails, then exits the process. */
export async function runAgent(given: AgentProcess): Promise<void> {
  await runService(AGENT_DECLARATION.program, (service) => startAgent(service, given));
}

async function startAgent(service: Service, given: AgentProcess): Promise<void> {
  const { args, environment, version } = given;
  const loaded = loadOptions(AGENT_DECLARATION, { args, environment, version, readFile: (path) => readFileSync(path, "utf8") });
  if (loaded.kind === "print") service.print(loaded.text);
  else await startParts(service, loaded.options, given);
}

async function startParts(service: Service, options: AgentOptions, { version, pipelines }: AgentProcess): Promise<void> {
  const logger = createLogger({ name: AGENT_DECLARATION.program, ...options.logging });
  service.configure({ logger, stopMsMax: options.shutdown.deadlineMs });
  logger.info({ version, options: maskedOptions(AGENT_FIELDS, options) }, "starting");

  const agent = new Agent(options, { pipelines, logger, version, nowMs: () => performance.now() });
  agent.onFatal((error) => service.fail(error));
  const routes = agentRoutes(() => agent.status(), (server, query) => agent.conflicts(server, query));
  const commands = agentCommands(
    (server, asked) => agent.changePolicies(server, asked),
    (server, db, keys) => agent.evicted(server, db, keys),
  );
  const http = new HttpServer({ ...options.http, routes, commands, logger });
  const listening: Part = {
    name: "http",
    start: async () => {
      await http.start();
      logger.info({ url: http.url }, "listening");
    },
    stop: () => http.stop(),
  };
  await service.use(listening);
  await service.use(agent);
  logger.info({ servers: options.servers.length }, "started");
}
