/**
 * A mesh whose servers and logs belong to the test, which may freeze, end and start them again: each region has a server
 * and a log server of its own.
 *
 * Promises that nothing is left after {@link BreakableMesh.stop}, whatever was frozen or ended.
 */
import { startMesh, type Mesh } from "@meridian/cli";
import { startRedis, type TestRedis } from "@meridian/testkit";

/** What a breakable mesh is made of. */
export interface BreakableMeshOptions {
  readonly regions: readonly string[];
  /** More arguments for the regions' servers. */
  readonly serverArgs?: readonly string[];
  /** More arguments for the log servers. */
  readonly logArgs?: readonly string[];
  /** Whom the agents log in as; the default user where it is left away. */
  readonly serverUser?: User;
  readonly logUser?: User;
  /** `store.bytesMax` of the agents. */
  readonly storeBytesMax?: number;
}

/** A name and its password. */
export interface User {
  readonly username: string;
  readonly password: string;
}

/** See the module's comment. Started by {@link startBreakableMesh}. */
export class BreakableMesh {
  readonly mesh: Mesh;
  readonly #servers: ReadonlyMap<string, TestRedis>;
  readonly #logs: ReadonlyMap<string, TestRedis>;

  constructor(mesh: Mesh, servers: ReadonlyMap<string, TestRedis>, logs: ReadonlyMap<string, TestRedis>) {
    this.mesh = mesh;
    this.#servers = servers;
    this.#logs = logs;
  }

  /** The server of a region. */
  server(region: string): TestRedis {
    return of(this.#servers, region);
  }

  /** The log server that a region publishes to. */
  log(region: string): TestRedis {
    return of(this.#logs, region);
  }

  /** Ends every process. */
  async stop(): Promise<void> {
    for (const server of [...this.#servers.values(), ...this.#logs.values()]) server.continue();
    await this.mesh.stop();
    await Promise.all([...this.#servers.values(), ...this.#logs.values()].map((server) => server.stop()));
  }
}

/** Starts servers, logs and agents. */
export async function startBreakableMesh(options: BreakableMeshOptions): Promise<BreakableMesh> {
  const { regions, serverArgs = [], logArgs = [], serverUser, logUser, storeBytesMax } = options;
  const servers = await startEach(regions, ["--repl-backlog-size", "64mb", ...serverArgs]);
  const logs = await startEach(regions, logArgs);
  const mesh = await startMesh({
    regions,
    servers: regions.map((region) => of(servers, region).url),
    agentConfig: (region) => ({
      ...(storeBytesMax === undefined ? {} : { store: { bytesMax: storeBytesMax } }),
      servers: [{ name: "0", url: of(servers, region).url, ...serverUser }],
      log: logOf(region, regions, logs, logUser),
    }),
  }).catch(async (error: unknown) => {
    await Promise.all([...servers.values(), ...logs.values()].map((server) => server.stop()));
    throw error;
  });
  return new BreakableMesh(mesh, servers, logs);
}

async function startEach(regions: readonly string[], args: readonly string[]): Promise<ReadonlyMap<string, TestRedis>> {
  return new Map(await Promise.all(regions.map(async (region) => [region, await startRedis({ args })] as const)));
}

function logOf(region: string, regions: readonly string[], logs: ReadonlyMap<string, TestRedis>, user?: User): object {
  const peers = regions.filter((other) => other !== region).map((other) => [other, of(logs, other).url]);
  return { kind: "redis", redis: { url: of(logs, region).url, regions: Object.fromEntries(peers) as unknown, ...user } };
}

function of(parts: ReadonlyMap<string, TestRedis>, region: string): TestRedis {
  const part = parts.get(region);
  if (part === undefined) throw new Error(`no region ${region}`);
  return part;
}
