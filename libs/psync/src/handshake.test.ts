import type { MeridianError } from "@meridian/words";
import { describe, expect, it } from "vitest";
import { Handshake, type HandshakeOptions, type HandshakeStep } from "./handshake.js";

const ID = "a".repeat(40);
const OTHER = "b".repeat(40);

/** Plays replies against a handshake; gives the requests as words, and the last step or the error. */
function play(options: Partial<HandshakeOptions>, replies: readonly string[]): { sent: string[]; last: HandshakeStep | MeridianError } {
  const handshake = new Handshake({ server: "h:1", ...options });
  let last: HandshakeStep | MeridianError = { send: handshake.start() };
  const sent: string[] = [];
  const words = (bytes: Buffer): string => bytes.toString("latin1").split("\r\n").filter((_, i) => i > 0 && i % 2 === 0).join(" ");
  sent.push(words(last.send));
  for (const reply of replies) {
    try {
      last = handshake.onReply(reply);
    } catch (error) {
      return { sent, last: error as MeridianError };
    }
    if ("send" in last) sent.push(words(last.send));
  }
  return { sent, last };
}

const OK = ["+PONG", "+OK", "+OK", "+OK"];

describe("Handshake", () => {
  it("asks for everything in order, and for the present place", () => {
    const { sent, last } = play({}, [...OK, `+FULLRESYNC ${ID} 14`]);
    expect(sent).toEqual([
      "PING",
      "REPLCONF listening-port 0",
      "REPLCONF capa eof capa psync2",
      "REPLCONF rdb-filter-only ",
      "PSYNC ? -1",
    ]);
    expect(last).toEqual({ outcome: { kind: "full", position: { replicationId: ID, offset: 14 }, filtered: true } });
  });

  it("asks for the byte behind the given place, and takes a new id", () => {
    const from = { replicationId: ID, offset: 99 };
    const same = play({ from }, [...OK, "+CONTINUE"]);
    expect(same.sent.at(-1)).toBe(`PSYNC ${ID} 100`);
    expect(same.last).toEqual({ outcome: { kind: "continue", position: from, filtered: true } });
    const renamed = play({ from }, [...OK, `+CONTINUE ${OTHER}`]);
    expect(renamed.last).toMatchObject({ outcome: { position: { replicationId: OTHER, offset: 99 } } });
  });

  it("introduces itself with user and password, or a password alone, in UTF-8", () => {
    expect(play({ username: "u", password: "p" }, ["-NOAUTH Authentication required."]).sent).toEqual(["PING", "AUTH u p"]);
    expect(play({ password: "p" }, ["-ERR operation not permitted"]).sent).toEqual(["PING", "AUTH p"]);
    expect(play({ password: "pä" }, ["+PONG"]).sent).toEqual(["PING", "AUTH p\xc3\xa4"]);
    expect(play({ password: "p" }, ["-NOPERM this user has no permissions"]).sent).toEqual(["PING", "AUTH p"]);
  });

  it("goes on without the filter where the server does not know it", () => {
    const { last } = play({}, ["+PONG", "+OK", "+OK", "-ERR Unrecognized REPLCONF option: rdb-filter-only", `+FULLRESYNC ${ID} 0`]);
    expect(last).toMatchObject({ outcome: { filtered: false } });
  });

  it.each([
    [["-NOAUTH Authentication required."], "SERVER_REFUSED", false, /password/],
    [["-LOADING Redis is loading the dataset in memory"], "SERVER_UNAVAILABLE", true, /loads its dataset/],
    [["-MASTERDOWN Link with MASTER is down"], "SERVER_UNAVAILABLE", true, /replica that lost its primary/],
    [["+PONG", "-NOPERM User u has no permissions to run the 'replconf' command"], "SERVER_REFUSED", false, /\+psync \+replconf/],
    [["+PONG", "-ERR unknown command 'REPLCONF'"], "SERVER_UNSUPPORTED", false, /does not let replicas attach/],
    [["+PONG", "+OK", "+OK", "-NOPERM no"], "SERVER_REFUSED", false, /\+psync \+replconf/],
    [[...OK, "-NOMASTERLINK Can't SYNC while not connected with my master"], "SERVER_UNAVAILABLE", true, /repair that link/],
    [[...OK, "-ERR unknown command `PSYNC`, with args"], "SERVER_UNSUPPORTED", false, /managed/],
    [[...OK, "-WHATEVER it says"], "SERVER_REFUSED", false, /PSYNC and REPLCONF/],
    [[...OK, "+CONTINUE"], "STREAM_PROTOCOL", false, /Redis or Valkey/], // nothing was to be continued
    [[...OK, "+FULLRESYNC short 1"], "STREAM_PROTOCOL", false, /Redis or Valkey/],
    [["HTTP/1.1 400 Bad Request"], "STREAM_PROTOCOL", false, /Redis or Valkey/],
  ])("turns %j into %s", (replies, code, retryable, advice) => {
    const error = play({}, replies).last as MeridianError;
    expect(error).toMatchObject({ code, retryable });
    expect(error.advice).toMatch(advice);
  });

  it("turns refused credentials into an error with advice", () => {
    const credentials = { username: "u", password: "p" };
    const wrong = play(credentials, ["+PONG", "-WRONGPASS invalid username-password pair or user is disabled."]).last;
    expect(wrong).toMatchObject({ code: "SERVER_REFUSED", advice: expect.stringContaining("ACL GETUSER") as string });
    const called = "-ERR AUTH <password> called without any password configured for the default user.";
    const useless = play({ password: "p" }, ["+PONG", called]).last;
    expect(useless).toMatchObject({ code: "SERVER_REFUSED", advice: expect.stringContaining("no password") as string });
  });
});
