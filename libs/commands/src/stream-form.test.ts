import { describe, expect, it } from "vitest";
import { COMMAND_TABLE } from "./command-table.js";
import { alternativesOf, carriesOwnName, matchingAlternative } from "./stream-form.js";

const words = (command: string): string[] => command.split(" ");
const match = (form: string, sent: string, ...carried: string[]): string | undefined =>
  matchingAlternative(form, words(sent), carried.map(words));

describe("matchingAlternative", () => {
  it("holds arguments as sent to the letter", () => {
    expect(match("as sent", "SET k V", "SET k V")).toBe("as sent");
    expect(match("as sent", "SET k V", "SET k v")).toBeUndefined();
    expect(match("as sent", "SET k V")).toBeUndefined();
    expect(match("as sent", "SET k V", "SET k V", "SET k V")).toBeUndefined();
  });

  it("takes upper-case words literally, lower-case words as arguments", () => {
    expect(match("SET key value PXAT <ms>", "SETEX k 1 v", "set k v pxat 123")).toBe("SET key value PXAT <ms>");
    expect(match("SET key value PXAT <ms>", "SETEX k 1 v", "SET k v PX 123")).toBeUndefined();
    expect(match("SET key value PXAT <ms>", "SETEX k 1 v", "SET k v PXAT soon")).toBeUndefined();
  });

  it("repeats arguments and commands", () => {
    const form = "MULTI; SREM key member...; ...; EXEC | nothing";
    expect(match(form, "SPOP k 2", "MULTI", "SREM k a", "EXEC")).toBe("MULTI; SREM key member...; ...; EXEC");
    expect(match(form, "SPOP k 2", "MULTI", "SREM k a", "SREM k b c", "SREM k d", "EXEC")).toBeDefined();
    expect(match(form, "SPOP k 2", "MULTI", "SREM k a", "SREM k", "EXEC")).toBeUndefined();
    expect(match(form, "SPOP k 2", "MULTI", "SREM k a")).toBeUndefined();
    expect(match(form, "SPOP k 2")).toBe("nothing");
    expect(match("PEXPIREAT key <ms> flag*", "x", "PEXPIREAT k 1")).toBeDefined();
    expect(match("PEXPIREAT key <ms> flag*", "x", "PEXPIREAT k 1 NX")).toBeDefined();
  });

  it("lets DEL stand for UNLINK and for nothing else", () => {
    expect(match("DEL key", "x", "UNLINK k")).toBe("DEL key");
    expect(match("DEL key", "x", "HDEL k")).toBeUndefined();
  });
});

describe("alternativesOf", () => {
  it("leaves out what is of other versions", () => {
    const form = "OLD key @<7.2 | NEW key @>=7.2 | ANY key";
    expect(alternativesOf(form, "7.0.15")).toEqual(["OLD key", "ANY key"]);
    expect(alternativesOf(form, "7.2.0")).toEqual(["NEW key", "ANY key"]);
    expect(alternativesOf(form, "8.0")).toEqual(["NEW key", "ANY key"]);
    expect(alternativesOf(form)).toEqual(["OLD key", "NEW key", "ANY key"]);
    expect(match(form, "x", "NEW k")).toBe("NEW key");
    expect(matchingAlternative(form, ["x"], [["NEW", "k"]], "7.0.15")).toBeUndefined();
    expect(alternativesOf("not observed")).toEqual([]);
  });
});

describe("carriesOwnName", () => {
  it("knows which commands never appear under their own name", () => {
    expect(carriesOwnName("setex", "SET key value PXAT <ms>")).toBe(false);
    expect(carriesOwnName("xadd", "XADD key id field...")).toBe(true);
    expect(carriesOwnName("xgroup|create", "as sent")).toBe(true);
    expect(carriesOwnName("vadd", "not observed")).toBe(true);
    const hidden = COMMAND_TABLE.filter((row) => !row.inStream).map((row) => row.name);
    expect(hidden).toEqual(expect.arrayContaining(["spop", "geoadd", "incrbyfloat", "blpop", "eval", "getset", "expire"]));
    expect(hidden).not.toContain("set");
  });

  it("has a claim for every command of Redis 7.0", () => {
    const silent = COMMAND_TABLE.filter((row) => alternativesOf(row.stream).length === 0 && typeof row.since === "string");
    expect(silent.map((row) => row.name)).toEqual(["xgroup", "script", "function"]);
  });
});
