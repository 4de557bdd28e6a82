/**
 * Records: one append to the log. A record says whose it is, which part of the replication stream it covers, and holds
 * one or more frames. Refuses schemas newer than its own, damaged bytes, and records of another writer.
 */
import Long from "long";
import { mainWriter, MeridianError, parseWriterId, type WriterId } from "@meridian/words";
import { meridian } from "#gen/record.js";
import { Frame, type FrameMessage } from "./frame.js";

/** The version of the schema that this code writes. */
export const RECORD_SCHEMA = 1;

/** The part of a replication stream that a record covers: after `firstOffset`, up to `lastOffset` (bytes). */
export interface CaptureSpan {
  readonly replicationId: string;
  readonly firstOffset: number;
  readonly lastOffset: number;
}

/** A decoded record. */
export interface LogEntry {
  readonly writer: WriterId;
  readonly span: CaptureSpan;
  readonly frames: readonly Frame[];
  /** Names the writer's table of policies; 0: it has none that matters here. */
  readonly policies: number;
  /** How many changes of the policies its writer had gone through. */
  readonly policyVersion: number;
}

/** Encodes a record. */
export function encodeRecord(
  writer: WriterId,
  span: CaptureSpan,
  frames: readonly FrameMessage[],
  policies = 0,
  policyVersion = 0,
): Buffer {
  const message: meridian.v1.Record.$Properties = {
    schema: RECORD_SCHEMA,
    writer,
    replicationId: span.replicationId,
    firstOffset: Long.fromNumber(span.firstOffset, true),
    lastOffset: Long.fromNumber(span.lastOffset, true),
    frames: frames as FrameMessage[],
  };
  if (policies !== 0) message.policies = policies;
  if (policyVersion !== 0) message.policyVersion = policyVersion;
  const bytes = meridian.v1.Record.encode(message).finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Decodes a record that this region made itself, for whichever of its logs. Throws `BAD_RECORD`. */
export function decodeOwnRecord(bytes: Buffer, own: WriterId): LogEntry {
  const message = decodeMessage(bytes, own);
  const writer = parseWriterId(message.writer);
  return checkedEntry(message, mainWriter(writer) === own ? writer : own);
}

/** Decodes a record of `expected`'s log. Throws `BAD_RECORD`. */
export function decodeRecord(bytes: Buffer, expected: WriterId): LogEntry {
  return checkedEntry(decodeMessage(bytes, expected), expected);
}

function checkedEntry(message: meridian.v1.Record, expected: WriterId): LogEntry {
  if (message.schema > RECORD_SCHEMA || message.schema < 1) {
    throw new MeridianError("BAD_RECORD", `a record of ${expected} has schema ${message.schema}; this agent knows ${RECORD_SCHEMA}`, {
      advice: "upgrade this region's agent before the agents that write",
    });
  }
  const writer = parseWriterId(message.writer);
  if (writer !== expected) {
    throw new MeridianError("BAD_RECORD", `the log of ${expected} holds a record of ${writer}`, {
      advice: "two regions write to one log: give each region its own name",
    });
  }
  return {
    writer,
    span: {
      replicationId: message.replicationId,
      firstOffset: message.firstOffset.toNumber(),
      lastOffset: message.lastOffset.toNumber(),
    },
    frames: message.frames.map((frame) => new Frame(writer, frame)),
    policies: message.policies >>> 0,
    policyVersion: message.policyVersion,
  };
}

function decodeMessage(bytes: Buffer, writer: WriterId): meridian.v1.Record {
  try {
    return meridian.v1.Record.decode(bytes);
  } catch (cause) {
    throw new MeridianError("BAD_RECORD", `a record of ${writer} cannot be decoded`, {
      advice: "the log holds damaged bytes or another application's data; check the topic or stream name",
      cause,
    });
  }
}
