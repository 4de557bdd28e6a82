/**
 * How invalid bytes are reported: with the offset, what stands there and what belongs there, never with the data.
 */
import { MeridianError } from "@meridian/words";

/** `STREAM_PROTOCOL` for the byte at `offset` (of the stream, or of the connection); `byte` as it was read. */
export function protocolError(offset: number, byte: number | undefined, expected: string): MeridianError {
  const found = byte === undefined ? "nothing" : `byte 0x${byte.toString(16).padStart(2, "0")}`;
  return new MeridianError("STREAM_PROTOCOL", `${found} at offset ${offset} where ${expected} must stand`, {
    advice:
      "check that nothing between the agent and the server rewrites the connection; the agent cannot read on from here",
  });
}
