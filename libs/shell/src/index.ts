export { EXIT_CODES, exitCodesText, exitReasonOf, type ExitReason } from "./exit-code.js";
export { HttpServer, jsonReply, type HttpCommand, type HttpCommands, type HttpHandler, type HttpReply, type HttpRoutes, type HttpServerOptions } from "./http-server.js";
export {
  createLogger,
  LOG_LEVELS,
  type LogDestination,
  type LogFields,
  type Logger,
  type LoggerOptions,
  type LogLevel,
  type ParentLogger,
  type ServiceLogger,
} from "./logger.js";
export { Metrics, type Distribution, type Labels, type ObservedMetric, type Sample } from "./metrics.js";
export type { OptionRule, OptionsDeclaration, RuleBreach } from "./options/declaration.js";
export type { Environment } from "./options/environment-source.js";
export {
  option,
  type BooleanField,
  type BytesField,
  type ChoiceField,
  type Declared,
  type DurationField,
  type Field,
  type GroupField,
  type ListField,
  type MapField,
  type NumberField,
  type OptionsOf,
  type SecretField,
  type Shape,
  type TableField,
  type TextField,
  type TextShape,
  type UrlField,
} from "./options/field.js";
export { loadOptions, type LoadedOptions, type OptionSources } from "./options/load-options.js";
export { maskedOptions } from "./options/printed-config.js";
export { BadOptionsError, maskPassword, type OptionProblem } from "./options/problem.js";
export { processHost, type HostEvents, type ServiceHost, type StopSignal } from "./service-host.js";
export { runService, STOP_MS_MAX, type Part, type Service } from "./service.js";
