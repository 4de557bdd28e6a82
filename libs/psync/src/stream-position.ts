/**
 * Places in a server's replication stream.
 *
 * A stream is named by its replication id; an offset counts the bytes of it that were processed, so the next byte is
 * number `offset + 1` for the server and `offset` for us, who count what lies before.
 */

/** A place in a stream: everything up to `offset` was processed. */
export interface StreamPosition {
  /** 40 hexadecimal digits, the server's `master_replid` at the time. */
  readonly replicationId: string;
  /** Bytes of the stream that lie before this place. */
  readonly offset: number;
}

/** Where an attached tail begins. */
export interface Attached extends StreamPosition {
  /** True: the stream goes on where the caller left it. False: FULLRESYNC, what lies between is unknown. */
  readonly resumed: boolean;
  /** The id that was asked for, where the server goes on under a new one (it was promoted, or restarted from its RDB). */
  readonly previousReplicationId?: string;
}
