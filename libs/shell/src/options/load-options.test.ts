import { describe, expect, test } from "vitest";
import type { OptionsDeclaration } from "./declaration.js";
import { option, type OptionsOf } from "./field.js";
import { loadOptions } from "./load-options.js";
import { BadOptionsError, type OptionProblem } from "./problem.js";

const fields = {
  region: option.text({ help: "Name.", required: true, shape: { accepts: (text) => /^[a-z]+$/.test(text), says: "lower-case letters" } }),
  peers: option.list({ help: "Others.", item: option.text({ help: "Name." }), default: [], itemsMax: 3 }),
  servers: option.table({
    help: "Servers.",
    rowsMin: 1,
    rowsMax: 2,
    fields: {
      name: option.text({ help: "Name.", default: "0" }),
      url: option.url({ help: "Address.", schemes: ["redis", "rediss"], required: true }),
      password: option.secret({ help: "Password." }),
      tls: option.group("TLS.", { verify: option.boolean({ help: "Verify.", default: true }) }),
    },
  }),
  log: option.group("The log.", {
    kind: option.choice({ help: "Kind.", values: ["redis", "kafka"], default: "redis" }),
    brokers: option.list({ help: "Brokers.", item: option.text({ help: "Host." }), itemsMin: 1, itemsMax: 9 }),
    regions: option.map({
      help: "Others.",
      key: { accepts: (text) => /^[a-z]+$/.test(text), says: "a region" },
      item: option.url({ help: "Address.", schemes: ["redis"] }),
      itemsMax: 4,
    }),
    retentionHours: option.duration({ help: "Keep.", unit: "h", default: 168, min: 1, max: 999 }),
  }),
  http: option.group("HTTP.", { port: option.integer({ help: "Port.", default: 7071, min: 0, max: 65535 }) }),
  limits: option.group("Limits.", {
    batchBytes: option.bytes({ help: "Batch.", default: 1024, min: 1024, max: 2 ** 30 }),
    ratio: option.number({ help: "Ratio.", default: 0.5, min: 0, max: 1 }),
    fast: option.boolean({ help: "Fast.", default: false }),
  }),
} as const;

const declaration: OptionsDeclaration<typeof fields> = {
  program: "meridian-test",
  summary: "Tests options.",
  environmentPrefix: "MERIDIAN",
  fields,
  rules: [
    {
      reads: ["log"],
      check: ({ log }) =>
        log.kind === "kafka" && log.brokers === undefined ? [{ field: "log.brokers", found: "nothing", allowed: "brokers, because log.kind is kafka" }] : [],
    },
    {
      reads: ["region", "peers"],
      check: ({ region, peers }) =>
        peers.flatMap((peer, at) => (peer === region ? [{ field: `peers.${at}`, found: "this region", allowed: "other regions" }] : [])),
    },
  ],
  example: "region: eu",
  epilogue: "Exit codes: many.",
};

const GOOD = 'region: eu\nservers:\n  - url: "redis://127.0.0.1:6379"\n';

interface Given {
  readonly file?: string;
  readonly environment?: Record<string, string>;
  readonly args?: readonly string[];
}

function load(given: Given): ReturnType<typeof loadOptions<typeof fields>> {
  const file = given.file ?? GOOD;
  const readFile = (): string => file;
  return loadOptions(declaration, { args: ["--config", "agent.yaml", ...(given.args ?? [])], environment: given.environment ?? {}, readFile, version: "1.2.3" });
}

function options(given: Given): OptionsOf<typeof fields> {
  const loaded = load(given);
  if (loaded.kind !== "run") throw new Error("expected options");
  return loaded.options;
}

function printed(given: Given): string {
  const loaded = load(given);
  if (loaded.kind !== "print") throw new Error("expected a text");
  return loaded.text;
}

function problems(given: Given): readonly OptionProblem[] {
  return failure(given).problems;
}

function failure(given: Given): BadOptionsError {
  try {
    load(given);
  } catch (error) {
    if (error instanceof BadOptionsError) return error;
    throw error;
  }
  throw new Error("expected problems");
}

describe("values", () => {
  test("defaults fill what nobody gave", () => {
    expect(options({})).toEqual({
      region: "eu",
      peers: [],
      servers: [{ name: "0", url: "redis://127.0.0.1:6379", password: undefined, tls: { verify: true } }],
      log: { kind: "redis", brokers: undefined, regions: {}, retentionHours: 168 },
      http: { port: 7071 },
      limits: { batchBytes: 1024, ratio: 0.5, fast: false },
    });
  });

  test("flags win over environment, environment over file, file over default", () => {
    const file = `${GOOD}http: { port: 1 }\nlog: { retentionHours: 1 }\nlimits: { ratio: 0.1 }\n`;
    const environment = { MERIDIAN_HTTP_PORT: "2", MERIDIAN_LOG_RETENTION_HOURS: "2" };
    const { http, log, limits } = options({ file, environment, args: ["--http-port", "3"] });
    expect([http.port, log.retentionHours, limits.ratio, limits.batchBytes]).toEqual([3, 2, 0.1, 1024]);
  });

  test.each([
    ["log: { retentionHours: 7d }", (o: OptionsOf<typeof fields>) => o.log.retentionHours, 168],
    ["log: { retentionHours: 90min }", (o: OptionsOf<typeof fields>) => o.log.retentionHours, undefined],
    ["log: { retentionHours: 120min }", (o: OptionsOf<typeof fields>) => o.log.retentionHours, 2],
    ["limits: { batchBytes: 64KiB }", (o: OptionsOf<typeof fields>) => o.limits.batchBytes, 65536],
    ["limits: { batchBytes: 1.5 MB }", (o: OptionsOf<typeof fields>) => o.limits.batchBytes, 1_500_000],
    ["limits: { batchBytes: 2048 }", (o: OptionsOf<typeof fields>) => o.limits.batchBytes, 2048],
    ["limits: { fast: true }", (o: OptionsOf<typeof fields>) => o.limits.fast, true],
    ["peers: [us, ap]", (o: OptionsOf<typeof fields>) => o.peers, ["us", "ap"]],
    ['log: { regions: { us: "redis://a:1", ap: "redis://b" } }', (o: OptionsOf<typeof fields>) => o.log.regions, { us: "redis://a:1", ap: "redis://b" }],
  ])("%s", (line, pick, expected) => {
    const file = `${GOOD}${line}\n`;
    if (expected === undefined) expect(problems({ file })).toHaveLength(1);
    else expect(pick(options({ file }))).toEqual(expected);
  });

  test("text fields take unquoted numbers as written", () => {
    const { servers } = options({ file: "region: eu\nservers: [{ name: 007, url: redis://h:1, password: 0x1F }]" });
    expect(servers[0]).toMatchObject({ name: "007", password: "0x1F" });
  });

  test("a row's field is overlaid by index, a whole table as JSON, and rows are laid after it", () => {
    const environment = { MERIDIAN_SERVERS_0_PASSWORD: "s3", MERIDIAN_SERVERS: '[{"url":"redis://a:1"},{"url":"redis://b:2"}]', MERIDIAN_SERVERS_1_TLS_VERIFY: "false" };
    const { servers } = options({ environment, args: ["--servers-1-name", "b"] });
    expect(servers).toEqual([
      { name: "0", url: "redis://a:1", password: "s3", tls: { verify: true } },
      { name: "b", url: "redis://b:2", password: undefined, tls: { verify: false } },
    ]);
  });

  test("everything can come from the environment alone", () => {
    const environment = { MERIDIAN_REGION: "eu", MERIDIAN_SERVERS_0_URL: "redis://a:1", MERIDIAN_PEERS: "us, ap", MERIDIAN_LOG_REGIONS: "us=redis://u:1,ap=redis://p:2" };
    const loaded = loadOptions(declaration, { args: [], environment, readFile: () => "", version: "1" });
    expect(loaded).toMatchObject({ options: { region: "eu", peers: ["us", "ap"], log: { regions: { us: "redis://u:1", ap: "redis://p:2" } } } });
  });

  test("lists and maps given several times on the command line add up; --no- switches off", () => {
    const { peers, limits } = options({ file: `${GOOD}limits: { fast: true }`, args: ["--peers", "us", "--peers=ap", "--no-limits-fast"] });
    expect(peers).toEqual(["us", "ap"]);
    expect(limits.fast).toBe(false);
  });

  test("the file may be named by the environment, the flag wins", () => {
    const read: string[] = [];
    const readFile = (path: string): string => (read.push(path), GOOD);
    loadOptions(declaration, { args: [], environment: { MERIDIAN_CONFIG: "a.yaml" }, readFile, version: "1" });
    loadOptions(declaration, { args: ["--config=b.yaml"], environment: { MERIDIAN_CONFIG: "a.yaml" }, readFile, version: "1" });
    expect(read).toEqual(["a.yaml", "b.yaml"]);
  });
});

/** Each line: what is added to a good file, then field, origin, found and allowed of the one problem. */
const BAD_FILES: [string, string, string, string, string][] = [
  ["http: { port: 70000 }", "http.port", "agent.yaml:4", '"70000"', "0 to 65535"],
  ['http: { port: "80" }', "http.port", "agent.yaml:4", '"80"', "a whole number"],
  ["http: { port: 1.5 }", "http.port", "agent.yaml:4", '"1.5"', "a whole number"],
  ["http: { port: 1e3 }", "http.port", "agent.yaml:4", '"1e3"', "a whole number"],
  ["http: { port: }", "http.port", "agent.yaml:4", "nothing", "leave the name out"],
  ["http: { prot: 1 }", "http.prot", "agent.yaml:4", "an unknown name", "did you mean port?"],
  ["http: 7071", "http", "agent.yaml:4", "a number", "port"],
  ["htpp: { port: 1 }", "htpp", "agent.yaml:4", "an unknown name", "did you mean http?"],
  ["zzzzzz: 1", "zzzzzz", "agent.yaml:4", "an unknown name", "region, peers"],
  ["limits: { ratio: 1.01 }", "limits.ratio", "agent.yaml:4", '"1.01"', "0 to 1"],
  ["limits: { ratio: .nan }", "limits.ratio", "agent.yaml:4", '".nan"', "a number"],
  ["limits: { fast: yes }", "limits.fast", "agent.yaml:4", '"yes"', "true or false"],
  ["limits: { batchBytes: 10 }", "limits.batchBytes", "agent.yaml:4", '"10"', "1KiB to 1GiB"],
  ["limits: { batchBytes: 10XB }", "limits.batchBytes", "agent.yaml:4", '"10XB"', "KiB"],
  ["log: { retentionHours: 0 }", "log.retentionHours", "agent.yaml:4", '"0"', "1h to 999h"],
  ["log: { retentionHours: 1 fortnight }", "log.retentionHours", "agent.yaml:4", '"1 fortnight"', "ms, s, min, h, d"],
  ["log: { kind: kafak }", "log.kind", "agent.yaml:4", '"kafak"', "one of redis, kafka"],
  ["log: { kind: kafka }", "log.brokers", "nowhere", "nothing", "because log.kind is kafka"],
  ["log: { brokers: [] }", "log.brokers", "agent.yaml:4", "a list of 0", "a list of 1 to 9"],
  ["log: { regions: [a] }", "log.regions", "agent.yaml:4", "a list of 1", "`name: value`"],
  ["log: { regions: { US: redis://a } }", "log.regions", "agent.yaml:4", 'the name "US"', "a region"],
  ["log: { regions: { us: kafka://a } }", "log.regions.us", "agent.yaml:4", '"kafka://a"', "redis://"],
  ["peers: us", "peers", "agent.yaml:4", "a text", "a list of 0 to 3"],
  ["peers: [us, ap, sa, af]", "peers", "agent.yaml:4", "a list of 4", "a list of 0 to 3"],
  ["peers:\n  - us\n  - us", "peers[1]", "agent.yaml:6", '"us" a second time', "every value once"],
  ["peers: [us, eu]", "peers[1]", "agent.yaml:4", "this region", "other regions"],
  ["peers: [[us]]", "peers[0]", "agent.yaml:4", "a list of 1", "text"],
  ["region: us", "(file)", "agent.yaml:4", "a name that stands there twice", "every name once"],
  ["peers: [us", "(file)", "agent.yaml:5", "a bracket that is not closed", "spaces"],
  ['peers: ["us]', "(file)", "agent.yaml:5", "a missing quote", "YAML 1.2"],
  ["peers: *others", "(file)", "agent.yaml:4", "an alias", "quote text"],
  ["peers: !secret x", "(file)", "agent.yaml:4", "a tag", "quote text"],
  ["---\nregion: eu", "(file)", "agent.yaml:4", "a second document", "one document"],
];

describe("one thing wrong in the file", () => {
  test.each(BAD_FILES)("%s", (line, field, origin, found, allowed) => {
    const all = problems({ file: `${GOOD}${line}\n` });
    expect(all).toHaveLength(1);
    expect(all[0]).toMatchObject({ field, origin });
    expect(all[0]!.found).toContain(found);
    expect(all[0]!.allowed).toContain(allowed);
  });

  test.each([
    ["- a", "something else at the top"],
    [`region: ${"x".repeat(1024 * 1024)}`, "more than 1048576 bytes"],
    [`a: ${"[".repeat(40)}${"]".repeat(40)}`, "nesting deeper than 16"],
  ])("%.20s", (file, found) => {
    expect(problems({ file }).map((problem) => problem.found)).toContain(found);
  });

  test("an unreadable file is the only problem reported of it", () => {
    const readFile = (): string => {
      throw Object.assign(new Error("no"), { code: "ENOENT" });
    };
    const run = (): unknown => loadOptions(declaration, { args: ["--config", "x.yaml"], environment: {}, readFile, version: "1" });
    expect(run).toThrow(/1 option is wrong[^]*--config \(x\.yaml\)[^]*ENOENT/);
  });

  test("an empty file lacks what is required", () => {
    expect(problems({ file: "" }).map(({ field, origin }) => [field, origin])).toEqual([
      ["region", "nowhere"],
      ["servers", "nowhere"],
    ]);
  });
});

/** Each: what is given, then field, origin, found and allowed of the one problem. */
const BAD_TEXTS: [Given, string, string, string, string][] = [
  [{ environment: { MERIDIAN_HTTP_PORT: "x" } }, "http.port", "environment MERIDIAN_HTTP_PORT", '"x"', "a whole number"],
  [{ environment: { MERIDIAN_HTTP_PORT: "" } }, "http.port", "environment MERIDIAN_HTTP_PORT", "nothing", "leave the name out"],
  [{ environment: { MERIDIAN_HTP_PORT: "1" } }, "MERIDIAN_HTP_PORT", "environment", "an unknown variable", "did you mean MERIDIAN_HTTP_PORT?"],
  [{ environment: { MERIDIAN_SERVERS_0_PASWORD: "1" } }, "MERIDIAN_SERVERS_0_PASWORD", "environment", "an unknown variable", "did you mean MERIDIAN_SERVERS_0_PASSWORD?"],
  [{ environment: { MERIDIAN_SERVERS: "[" } }, "servers", "environment MERIDIAN_SERVERS", "a missing quote", "YAML"],
  [{ environment: { MERIDIAN_SERVERS: "x" } }, "servers", "environment MERIDIAN_SERVERS", "a text", "a list of 1 to 2 entries"],
  [{ environment: { MERIDIAN_LOG_REGIONS: "us=redis://a,us=redis://b" } }, "log.regions", "environment MERIDIAN_LOG_REGIONS", "a list of 2", "name: value"],
  [{ environment: { MERIDIAN_LOG_REGIONS: "redis://a" } }, "log.regions", "environment MERIDIAN_LOG_REGIONS", 'the name ""', "a region"],
  [{ args: ["--http-port"] }, "--http-port", "command line", "no value", "--http-port value"],
  [{ args: ["--http-port", "--peers", "us"] }, "--http-port", "command line", "no value", "--http-port value"],
  [{ args: ["--http-port=1", "--http-port=2"] }, "--http-port", "command line", "a second value", "one value"],
  [{ args: ["--http-prot", "1"] }, "--http-prot", "command line", "an unknown flag", "did you mean --http-port?"],
  [{ args: ["hunter2"] }, "(a word)", "command line", "a word that belongs to no flag", "--name value"],
  [{ args: ["--config", "b.yaml"] }, "--config", "command line", "two files", "one file"],
  [{ args: ["--limits-fast=maybe"] }, "limits.fast", "flag --limits-fast", '"maybe"', "true or false"],
  [{ args: ["--servers-1-name", "b"] }, "servers[1].url", "nowhere", "nothing", "redis://"],
];

describe("one thing wrong elsewhere", () => {
  test.each(BAD_TEXTS)("%j", (given, field, origin, found, allowed) => {
    const all = problems(given);
    expect(all).toHaveLength(1);
    expect(all[0]).toMatchObject({ field, origin });
    expect(all[0]!.found).toContain(found);
    expect(all[0]!.allowed).toContain(allowed);
  });

  test("rows have no holes", () => {
    const environment = { MERIDIAN_REGION: "eu", MERIDIAN_SERVERS_1_URL: "redis://a:1" };
    expect(problems({ file: "", environment })).toMatchObject([{ field: "servers[0]", found: "nothing" }]);
  });

  test("what Kubernetes injects for a service of a similar name is left alone", () => {
    const environment = { MERIDIAN_AGENT_SERVICE_HOST: "10.0.0.1", MERIDIAN_AGENT_PORT: "tcp://10.0.0.1:7071", MERIDIAN_AGENT_PORT_7071_TCP_ADDR: "10.0.0.1" };
    expect(options({ environment }).region).toBe("eu");
  });
});

describe("addresses", () => {
  test.each(["redis://h", "redis://h:6379", "rediss://u:p@h:1/", "redis://[::1]:6379", "redis://:p%40q@h:1"])("%s is one", (url) => {
    expect(options({ file: `region: eu\nservers: [{ url: "${url}" }]` }).servers[0]!.url).toBe(url.replace(/\/$/, ""));
  });

  test.each(["h:6379", "http://h", "redis://", "redis://h:99999", "redis://h/3", "redis://h?db=3", "redis://h#x", "redis:h", "redis://h:0", "redis://:100%@h"])("%s is none", (url) => {
    expect(problems({ file: `region: eu\nservers: [{ url: "${url}" }]` })).toMatchObject([{ field: "servers[0].url" }]);
  });
});

describe("all at once", () => {
  test("every problem of every source is in one error", () => {
    const file = "regin: eu\npeers: us\nservers: [{ url: x, nmae: 1 }]\nhttp: { port: -1 }\n";
    const error = failure({ file, environment: { MERIDIAN_LOG_KIND: "file", MERIDIAN_NOPE: "1" }, args: ["--limits-ratio=2", "--nope=1"] });
    expect(error.code).toBe("BAD_OPTION");
    expect(error.problems.map((problem) => problem.field).sort()).toEqual(
      ["--nope", "MERIDIAN_NOPE", "http.port", "limits.ratio", "log.kind", "peers", "regin", "region", "servers[0].nmae", "servers[0].url"].sort(),
    );
    expect(error.message).toMatch(/^10 options are wrong; nothing was started\n/);
    for (const problem of error.problems) expect(error.message).toContain(problem.field);
    expect(error.advice).toContain("meridian-test --help");
  });
});

describe("secrets", () => {
  const SECRET = "hunter2";
  test.each<Given>([
    { file: `${GOOD}password: ${SECRET}` },
    { file: `region: eu\nservers: [{ url: "redis://u:${SECRET}@h:1/4", password: ${SECRET}, tls: ${SECRET} }]` },
    { file: `region: eu\nservers: [{ url: "redis:/u:${SECRET}@h" , password: [${SECRET}] }]` },
    { file: `region: eu\nservers: [{ url: redis://h:1, password: *${SECRET} }]` },
    { file: `region: eu\nservers: [{ url: redis://h:1, password: !${SECRET} }]` },
    { file: `region: eu\nservers: [{ url: redis://h:1, password: "${SECRET} }]` },
    { file: `region: eu\nservers: [{ url: redis://h:1, "password ${SECRET}": 1 }]` },
    { file: `${GOOD}log: { regions: { us: "redis://:${SECRET}@h:x" } }` },
    { environment: { MERIDIAN_SERVERS_0_PASWORD: SECRET } },
    { environment: { MERIDIAN_SERVERS: `[{"url": "redis://h", "password": "${SECRET}"` } },
    { args: ["--servers-0-pasword", SECRET] },
    { args: ["--servers-0-username-x", "u", SECRET] },
  ])("are in no message: %j", (given) => {
    const error = failure(given);
    expect(`${error.message}${error.advice}${JSON.stringify(error.problems)}`).not.toContain(SECRET);
  });

  test("are masked by --print-config, which names every origin and reads back", () => {
    const file = `region: eu\nservers: [{ url: "redis://u:${SECRET}@h:1", password: ${SECRET} }]\nlog: { regions: { us: "redis://:${SECRET}@h" } }`;
    const text = printed({ file, environment: { MERIDIAN_HTTP_PORT: "9" }, args: ["--print-config"] });
    expect(text).not.toContain(SECRET);
    expect(text).toContain("region: eu # agent.yaml:1\n");
    expect(text).toContain("port: 9 # environment MERIDIAN_HTTP_PORT\n");
    expect(text).toContain("kind: redis # default\n");
    expect(text).toContain("url: redis://u:***@h:1");
    expect(options({ file: text }).http.port).toBe(9);
  });

  test("--print-config refuses what is wrong", () => {
    expect(problems({ file: "region: 1", args: ["--print-config"] })).toHaveLength(2);
  });
});

describe("--help", () => {
  test("explains every option, even where everything is wrong", () => {
    const text = printed({ file: "x", args: ["--nope", "--help"] });
    for (const expected of [
      "region   (required)",
      "--region   MERIDIAN_REGION",
      "servers[N].password",
      "--servers-0-password   MERIDIAN_SERVERS_0_PASSWORD",
      "log.retentionHours   (default 168h)",
      "limits.batchBytes   (default 1KiB)",
      "one of redis, kafka",
      "command line wins over the environment",
      "Exit codes: many.",
    ]) {
      expect(text.replaceAll(/\s+/g, " ")).toContain(expected.replaceAll(/\s+/g, " "));
    }
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(130);
  });

  test("--version", () => {
    expect(printed({ args: ["--version"] })).toBe("meridian-test 1.2.3\n");
  });
});
