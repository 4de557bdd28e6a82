import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { announceMesh, findMeshes, meshFolder, requireMesh } from "./mesh-file.js";

const MESH = {
  log: { kind: "redis", address: "redis://127.0.0.1:1" },
  regions: [{ region: "eu", url: "redis://127.0.0.1:2", agentUrl: "http://127.0.0.1:3" }],
} as const;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meridian-test-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("the file of a running mesh", () => {
  it("is found while the mesh runs and gone after it", () => {
    const withdraw = announceMesh(folder, MESH);
    expect(findMeshes(folder)).toEqual([expect.objectContaining({ pid: process.pid, ...MESH })]);
    expect(requireMesh(folder).regions[0]!.region).toBe("eu");
    withdraw();
    expect(findMeshes(folder)).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("is not believed where its process is gone, or the id is another process' now", () => {
    announceMesh(folder, MESH)();
    const gone = { pid: 2 ** 22 + 1, startTicks: 1, ...MESH };
    writeFileSync(join(folder, `mesh-${gone.pid}.json`), JSON.stringify(gone));
    const reused = { pid: process.pid, startTicks: 1, ...MESH };
    writeFileSync(join(folder, `mesh-${process.pid}.json`), JSON.stringify(reused));
    writeFileSync(join(folder, "mesh-1.json"), "{");
    expect(findMeshes(folder)).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("refuses to choose between two, and to invent one", () => {
    const withdraw = announceMesh(folder, MESH);
    const parent = { pid: process.ppid, ...MESH };
    writeFileSync(join(folder, `mesh-${process.ppid}.json`), JSON.stringify(parent));
    expect(() => requireMesh(folder)).toThrow(/several local meshes/);
    expect(requireMesh(folder, process.ppid).pid).toBe(process.ppid);
    expect(() => requireMesh(folder, 1)).toThrow(/no local mesh runs as process 1/);
    withdraw();
  });

  it("stands in the user's runtime folder, else in one of the temp folder", () => {
    expect(meshFolder({ XDG_RUNTIME_DIR: "/run/user/7" })).toBe("/run/user/7/meridian");
    expect(meshFolder({})).toMatch(/meridian-\w+$/);
  });
});
