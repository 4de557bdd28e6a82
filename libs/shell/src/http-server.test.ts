import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { HttpServer, jsonReply, type HttpRoutes } from "./http-server.js";
import { createLogger } from "./logger.js";

const lines: string[] = [];
const logger = createLogger({ name: "test", level: "info", pretty: "never", destination: { write: (line) => void lines.push(line) } });
const servers: HttpServer[] = [];

async function serve(routes: HttpRoutes, port = 0): Promise<HttpServer> {
  const server = new HttpServer({ host: "127.0.0.1", port, routes, logger });
  servers.push(server);
  await server.start();
  return server;
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  lines.length = 0;
});

const ROUTES: HttpRoutes = {
  "/status": () => jsonReply(200, { text: "häuser" }),
  "/readyz": () => jsonReply(503, { ready: false }),
  "/broken": () => Promise.reject(new Error("hunter2")),
};

test("answers GET and HEAD with the same headers, HEAD without a body", async () => {
  const { url } = await serve(ROUTES);
  const get = await fetch(`${url}/status?x=1`);
  expect(get.status).toBe(200);
  expect(await get.json()).toEqual({ text: "häuser" });
  const head = await fetch(`${url}/status`, { method: "HEAD" });
  expect(await head.text()).toBe("");
  for (const name of ["content-type", "content-length", "cache-control"]) expect(head.headers.get(name)).toBe(get.headers.get(name));
  expect(get.headers.get("content-length")).toBe(String(Buffer.byteLength('{"text":"häuser"}\n')));
});

test.each([
  ["GET", "/readyz", 503, { ready: false }],
  ["GET", "/nope", 404, { error: "no such path", paths: ["/status", "/readyz", "/broken"] }],
  ["GET", "/constructor", 404, { error: "no such path" }],
  ["POST", "/status", 405, { error: "only GET and HEAD" }],
  ["DELETE", "/nope", 404, { error: "no such path" }],
  ["GET", "/broken", 500, { error: "internal error; see the log" }],
])("%s %s answers %i", async (method, path, status, body) => {
  const { url } = await serve(ROUTES);
  const response = await fetch(`${url}${path}`, { method, ...(method === "POST" ? { body: "x" } : {}) });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject(body);
  if (status === 405) expect(response.headers.get("allow")).toBe("GET, HEAD");
  if (status === 500) expect(lines.join("")).toContain("hunter2");
});

test("a port in use is an error with advice", async () => {
  const first = await serve(ROUTES);
  const port = Number(new URL(first.url).port);
  await expect(serve(ROUTES, port)).rejects.toMatchObject({ code: "ADDRESS_UNAVAILABLE", retryable: true, message: `cannot listen on 127.0.0.1:${port} (EADDRINUSE)` });
});

test("stop lets an answer under way finish and closes idle connections", async () => {
  let release = (): void => {};
  let entered = (): void => {};
  const inside = new Promise<void>((resolve) => (entered = resolve));
  const server = await serve({
    "/slow": async () => {
      entered();
      await new Promise<void>((resolve) => (release = resolve));
      return jsonReply(200, { done: true });
    },
  });
  const idle = connect(Number(new URL(server.url).port), "127.0.0.1");
  await once(idle, "connect");
  const idleClosed = once(idle, "close");
  idle.resume();
  const answer = fetch(`${server.url}/slow`);
  await inside;
  const stopped = server.stop();
  release();
  expect(await (await answer).json()).toEqual({ done: true });
  await stopped;
  await idleClosed;
  await server.stop();
});
