import fc from "fast-check";
import { MeridianError } from "@meridian/words";
import { describe, expect, it } from "vitest";
import { END_MARKER_BYTES, PayloadSkipper } from "./payload-skipper.js";
import { refusalError } from "./refusal.js";

const MARKER = Buffer.from("0123456789abcdef0123456789abcdef01234567");
const STREAM = Buffer.from("*1\r\n$4\r\nPING\r\n");

/** Pushes chunks until the payload ended; gives the stream bytes behind it, or undefined where it never ended. */
function skip(chunks: readonly Buffer[]): { rest: Buffer | undefined; skipper: PayloadSkipper } {
  const skipper = new PayloadSkipper((text) => refusalError("server", "PSYNC", text));
  for (let i = 0; i < chunks.length; i++) {
    const own = Buffer.from(chunks[i]!);
    const position = skipper.push(own);
    if (position >= 0) return { rest: Buffer.concat([own.subarray(position), ...chunks.slice(i + 1)]), skipper };
    own.fill(0x30); // the skipper may not keep the chunk
  }
  return { rest: undefined, skipper };
}

/** Every way to cut bytes into three pieces would be quadratic; two cuts near each other are what matters. */
function expectForEverySplit(bytes: Buffer, expected: Buffer): void {
  for (let first = 0; first <= bytes.length; first++) {
    for (const width of [0, 1, 2, 7, 39, 40, 41]) {
      const second = Math.min(first + width, bytes.length);
      const { rest } = skip([bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]);
      expect(rest).toEqual(expected);
    }
  }
  expect(skip([...bytes].map((byte) => Buffer.from([byte]))).rest).toEqual(expected);
}

const marked = (body: Buffer): Buffer => Buffer.concat([Buffer.from("$EOF:"), MARKER, Buffer.from("\r\n"), body, MARKER]);
const counted = (body: Buffer): Buffer => Buffer.concat([Buffer.from(`$${body.length}\r\n`), body]);

describe("PayloadSkipper", () => {
  const body = Buffer.concat([
    Buffer.from("REDIS0010\n\r\n$5\r\n"),
    MARKER.subarray(0, 39), // almost the end, twice
    MARKER.subarray(0, 20),
    MARKER.subarray(0, 39),
    Buffer.from([0xff, 0, 10]),
  ]);

  it.each([
    ["marked", marked(body)],
    ["marked and empty", marked(Buffer.alloc(0))],
    ["counted", counted(body)],
    ["counted and empty", counted(Buffer.alloc(0))],
  ])("finds the end of a %s payload at every split, with keep-alives before and stream behind", (_, payload) => {
    expectForEverySplit(Buffer.concat([payload, STREAM]), STREAM);
    expectForEverySplit(Buffer.concat([Buffer.from("\n\n\n"), payload]), Buffer.alloc(0));
  });

  it("skips any body, for any split", () => {
    const bodyOf = fc.array(fc.oneof(fc.uint8Array({ maxLength: 90 }), fc.nat(39).map((n) => MARKER.subarray(0, n))), { maxLength: 8 });
    fc.assert(
      fc.property(bodyOf, fc.boolean(), fc.array(fc.nat(60), { maxLength: 40 }), (pieces, byMarker, sizes) => {
        const content = Buffer.concat(pieces);
        fc.pre(!byMarker || Buffer.concat([content, MARKER]).indexOf(MARKER) === content.length);
        const bytes = Buffer.concat([byMarker ? marked(content) : counted(content), STREAM]);
        const chunks: Buffer[] = [];
        let at = 0;
        for (const size of [...sizes, bytes.length]) chunks.push(bytes.subarray(at, (at += size)));
        const { rest, skipper } = skip(chunks);
        expect(rest).toEqual(STREAM);
        expect(skipper.bytes).toBe(content.length + (byMarker ? END_MARKER_BYTES : 0));
        expect(skipper.framing).toBe(byMarker ? "marker" : "length");
      }),
      { numRuns: 500 },
    );
  });

  it("goes on waiting while the end has not come", () => {
    expect(skip([marked(body).subarray(0, -1)]).rest).toBeUndefined();
    expect(skip([counted(body).subarray(0, -1)]).rest).toBeUndefined();
    expect(skip([Buffer.from("\n\n$EO")]).rest).toBeUndefined();
  });

  it.each(["+OK\r\n", "$-1\r\n", "$EOF:short\r\n", "$12x\r\n", `$${"1".repeat(2000)}`])("refuses %j", (bytes) => {
    expect(() => skip([Buffer.from(bytes)])).toThrow(MeridianError);
  });

  it("passes an error of the server on", () => {
    let thrown: unknown;
    try {
      skip([Buffer.from("-BGSAVE failed, replication can't continue\r\n")]);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "SERVER_UNAVAILABLE", retryable: true });
  });
});
