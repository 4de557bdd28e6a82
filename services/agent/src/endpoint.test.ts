import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { endpointOf } from "./endpoint.js";

const tls = { ca: undefined, cert: undefined, key: undefined, serverName: undefined, verify: true };

test.each([
  ["redis://h", { host: "h", port: 6379 }],
  ["redis://h:1", { host: "h", port: 1 }],
  ["redis://[::1]:1", { host: "::1", port: 1 }],
  ["redis://u:p%40ss@h", { host: "h", port: 6379, username: "u", password: "p@ss" }],
  ["redis://:p@h", { host: "h", port: 6379, password: "p" }],
  ["rediss://h", { host: "h", port: 6379, tls: { rejectUnauthorized: true } }],
])("%s", (url, expected) => {
  expect(endpointOf({ url, tls })).toEqual(expected);
});

test("what stands beside the address is used", () => {
  expect(endpointOf({ url: "redis://h", username: "u", password: "p:@/", tls })).toEqual({ host: "h", port: 6379, username: "u", password: "p:@/" });
});

test("TLS files are read at each call, so a rotated certificate is taken up", () => {
  const folder = mkdtempSync(join(tmpdir(), "meridian-tls-"));
  const ca = join(folder, "ca.pem");
  const address = { url: "rediss://h", tls: { ...tls, ca, serverName: "redis.example", verify: false } };
  writeFileSync(ca, "one");
  expect(endpointOf(address).tls).toEqual({ rejectUnauthorized: false, ca: Buffer.from("one"), servername: "redis.example" });
  writeFileSync(ca, "two");
  expect(endpointOf(address).tls?.ca).toEqual(Buffer.from("two"));
  rmSync(folder, { recursive: true });
  expect(() => endpointOf(address)).toThrow(expect.objectContaining({ code: "BAD_OPTION", message: expect.stringContaining("ENOENT") as string }) as Error);
});
