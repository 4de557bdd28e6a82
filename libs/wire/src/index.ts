export { type AbsenceSaid, type Cut } from "./absence.js";
export { ByteReader } from "./byte-reader.js";
export { ByteWriter } from "./byte-writer.js";
export { readSpans, readValues, writeSpans, writeValues, type ByteSlice, type PositionSpan } from "./elements.js";
export { cutFrame, Frame, FrameBuilder, heartbeatFrame, type FrameMessage, type FramePlace } from "./frame.js";
export { type PolicyLine, type PolicySaid } from "./policy.js";
export { decodeOwnRecord, decodeRecord, encodeRecord, RECORD_SCHEMA, type CaptureSpan, type LogEntry } from "./record.js";
export { blankMutation } from "./row.js";
