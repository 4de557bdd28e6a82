/** No mutation comes home: a region that takes no writes publishes nothing, whatever its peers write. */
import { startMesh, type Mesh } from "@meridian/cli";
import { waitFor } from "@meridian/testkit";
import { decodeRecord, type Frame } from "@meridian/wire";
import { writerId } from "@meridian/words";
import { Redis } from "ioredis";
import { afterEach, expect, it } from "vitest";
import { pipelineOf } from "./agent-state.js";
import { settle } from "./settle.js";
import { Traffic } from "./traffic.js";

const SILENT = "ap";
const ACKNOWLEDGED_MIN = 8_000;

/** What the mixed traffic leaves out: commands of which the stream carries something else, or nothing but the command. */
const ODD_COMMANDS = `
  SET odd:a value|APPEND odd:a more|SETRANGE odd:a 2 xyz|SETBIT odd:bits 77 1|BITFIELD odd:bits SET u8 0 200
  BITOP NOT odd:not odd:bits|GETSET odd:a again|GETEX odd:a PX 4000|RENAME odd:a odd:b|COPY odd:b odd:c|RENAMENX odd:c odd:d
  INCRBYFLOAT odd:float 1.5|HINCRBYFLOAT odd:hash f 2.5|HSET odd:hash g 1 h 2|HSETNX odd:hash i 3|HDEL odd:hash g
  SADD odd:s 1 2 3 4 5 6 7 8|SPOP odd:s 2|SMOVE odd:s odd:t 4|SUNIONSTORE odd:u odd:s odd:t|SDIFFSTORE odd:v odd:u odd:t
  ZADD odd:z 1 a 2 b 3 c 4 d|ZADD odd:z GT CH 9 a|ZPOPMIN odd:z|ZRANGESTORE odd:y odd:z 0 1|ZREMRANGEBYRANK odd:z 0 0|GEOADD odd:geo 13.3 38.1 x 15 37 y
  RPUSH odd:l 3 1 2|LMOVE odd:l odd:m LEFT RIGHT|LPOP odd:l|SORT odd:l STORE odd:sorted|LINSERT odd:l BEFORE 2 0
  XADD odd:x 1-1 f v|XADD odd:x 1-2 f w|XDEL odd:x 1-1|PFADD odd:p a b c|PFMERGE odd:q odd:p
  SET odd:short 1 PX 300|EXPIRE odd:hash 1|SETEX odd:gone 1 x|PEXPIRE odd:s -1|MSET odd:1 a odd:2 b|DEL odd:1|UNLINK odd:2
`;

let mesh: Mesh;
let clients: Redis[] = [];
let traffic: Traffic;
afterEach(async () => {
  traffic.close();
  for (const client of clients) client.disconnect();
  await mesh.stop();
});

async function writeOdd(client: Redis, prefix: string): Promise<void> {
  const commands = ODD_COMMANDS.trim().replaceAll("odd:", prefix).split(/[|\n]/).map((command) => command.trim().split(" "));
  // on keys that the other region writes too, a command may find what does not suit it, and the server says so
  for (const [name = "", ...rest] of commands) {
    await client.call(name, ...rest).catch((error: Error) => {
      if (!prefix.includes("both") || error.name !== "ReplyError") throw error;
    });
  }
  await client.multi().set(`${prefix}in`, 1).incr(`${prefix}in`).rename(`${prefix}in`, `${prefix}out`).exec();
}

async function framesOf(log: Redis, region: string): Promise<Frame[]> {
  const entries = (await log.callBuffer("XRANGE", `meridian:log:${region}/0`, "-", "+")) as [Buffer, Buffer[]][];
  return entries.flatMap(([, fields]) => {
    const data = fields.findIndex((name, at) => at % 2 === 0 && name.toString() === "d");
    return [...decodeRecord(fields[data + 1]!, writerId(region, "0")).frames];
  });
}

it("a region without writers publishes no mutation, no record, and its stream stays empty", { timeout: 120_000 }, async () => {
  mesh = await startMesh({ regions: ["eu", "us", SILENT] });
  clients = mesh.regions.map(({ url }) => new Redis(url));
  const silent = mesh.region(SILENT);
  traffic = new Traffic(mesh, 7, 800, ["eu", "us"]);
  for (const [at, region] of ["eu", "us"].entries()) {
    await writeOdd(clients[at]!, `odd:${region}:`);
    await writeOdd(clients[at]!, "odd:both:");
  }
  await waitFor(() => traffic.ledger.acknowledged > ACKNOWLEDGED_MIN / 2, { timeoutMs: 30_000, what: "half of the writes" });
  const before = await pipelineOf(silent);
  await mesh.killAgent(SILENT);
  await mesh.restartAgent(SILENT);
  await waitFor(() => traffic.ledger.acknowledged > ACKNOWLEDGED_MIN, { timeoutMs: 30_000, what: "all writes" });
  await traffic.stop();
  const report = await settle(mesh);
  expect(report).toMatchObject({ verdict: "equal", differences: [] });
  expect(report.keys).toBeGreaterThan(100);
  // what the server drops at a deadline stands in its stream, and is not this region's doing either
  await waitFor(async () => (await clients[2]!.exists("odd:both:short", "odd:eu:gone", "odd:us:hash")) === 0, { what: "the deadlines" });
  await settle(mesh);
  const after = await pipelineOf(silent);
  for (const { capture, publish, receive } of [before, after]) {
    expect({ ...capture, ...publish }).toMatchObject({ mutations: 0, records: 0, bytes: 0 });
    expect(receive.mutations).toBeGreaterThan(1_000);
  }
  const log = new Redis(mesh.log.address);
  clients.push(log);
  expect(await log.exists(`meridian:log:eu/0`)).toBe(1);
  // what it says of how far it is holds no mutation
  const silentFrames = await framesOf(log, SILENT);
  expect(silentFrames.filter(({ mutations }) => mutations > 0)).toEqual([]);
  expect((await framesOf(log, "eu")).some(({ mutations }) => mutations > 0)).toBe(true);
});
