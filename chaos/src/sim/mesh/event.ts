/**
 * What can happen in a simulated mesh, as data: a run is a list of events, so that it can be replayed with some of them
 * left out. An event that is not possible when its turn comes does nothing.
 */

/** One command of a client. */
export type ClientCommand = readonly string[];

/** Everything but the passing of time happens at one region, named by its number. */
export type SimEvent =
  /** A client runs a command, or several as one transaction. */
  | { readonly kind: "client"; readonly at: number; readonly db: number; readonly commands: readonly ClientCommand[] }
  /** Up to so many bytes of the stream reach the agent. */
  | { readonly kind: "stream"; readonly at: number; readonly bytes: number }
  /** The agent decides and does; with `stopAfter` it dies after that many parts of the step. */
  | { readonly kind: "flush"; readonly at: number; readonly stopAfter?: number }
  /** The oldest record on its way becomes durable in its log; with `log` the oldest for another of the region's logs. */
  | { readonly kind: "append"; readonly at: number; readonly log?: number }
  /** The agent learns that the oldest appended record is durable. */
  | { readonly kind: "published"; readonly at: number }
  /** The server executes the oldest script of the agent's connection. */
  | { readonly kind: "script"; readonly at: number }
  /** The server answers the oldest scan. */
  | { readonly kind: "page"; readonly at: number }
  /** The server executes the oldest script that a dead agent left on the wire. */
  | { readonly kind: "ghost-script"; readonly at: number }
  /** The log takes the record that a dead agent had sent. */
  | { readonly kind: "ghost-append"; readonly at: number }
  /** The agent subscribes to keyspace events anew. */
  | { readonly kind: "listen"; readonly at: number }
  /** Up to so many events reach the agent. */
  | { readonly kind: "told"; readonly at: number; readonly count: number }
  /** The connection that tells events is lost, with what is on it. */
  | { readonly kind: "hush"; readonly at: number }
  /** Records of a peer's log, or with `group` of its log for a group, reach the agent. */
  | { readonly kind: "records"; readonly at: number; readonly from: number; readonly count: number; readonly group?: string }
  /** The agent's reader of a peer's log starts again, so many records earlier. */
  | { readonly kind: "rewind"; readonly at: number; readonly from: number; readonly by: number; readonly group?: string }
  /** The agent dies. `keep`: how many of its scripts are still on the wire. */
  | { readonly kind: "crash"; readonly at: number; readonly keep: number }
  /** A new agent begins from the store, and attaches. */
  | { readonly kind: "start"; readonly at: number }
  /** The new agent takes the server over; with `lost` it dies before it hears so. */
  | { readonly kind: "fence"; readonly at: number; readonly lost: boolean }
  /** Another agent takes the server over. */
  | { readonly kind: "usurp"; readonly at: number }
  /** The next record of a peer's log does not reach the agent, which hears nothing of that. */
  | { readonly kind: "lose"; readonly at: number; readonly from: number; readonly group?: string }
  /** The agent's clock now differs by so much from true time. */
  | { readonly kind: "skew"; readonly at: number; readonly ms: number }
  /** The server drops the keys whose deadlines are past. */
  | { readonly kind: "expire"; readonly at: number }
  /** The server makes room: it drops one of its keys, counted through in their order. */
  | { readonly kind: "evict"; readonly at: number; readonly pick: number }
  /** An operator proposes a table of policies, by prefix. */
  | { readonly kind: "propose"; readonly at: number; readonly rows: readonly (readonly [prefix: string, policy: string])[] }
  /** And takes it back. */
  | { readonly kind: "withdraw"; readonly at: number }
  /** Time passes, everywhere. */
  | { readonly kind: "time"; readonly ms: number };

/** An event in one line. */
export function describeEvent(event: SimEvent): string {
  switch (event.kind) {
    case "client":
      return `client${event.db === 0 ? "" : ` db ${event.db}`}: ${event.commands.map((words) => words.join(" ")).join("; ")}`;
    case "stream":
      return `stream ${event.bytes} bytes`;
    case "flush":
      return event.stopAfter === undefined ? "flush" : `flush, dies after ${event.stopAfter} parts`;
    case "told":
      return `told ${event.count} events`;
    case "records":
      return `records ${event.count} from r${event.from}${logText(event.group)}`;
    case "lose":
      return `lose a record of r${event.from}${logText(event.group)}`;
    case "rewind":
      return `rewind r${event.from}${logText(event.group)} by ${event.by}`;
    case "crash":
      return `crash, ${event.keep} scripts on the wire`;
    case "fence":
      return event.lost ? "fence, answer lost" : "fence";
    case "propose":
      return `propose ${event.rows.map(([prefix, policy]) => `${prefix}=${policy}`).join(" ")}`;
    case "evict":
      return `evict key ${event.pick}`;
    case "skew":
    case "time":
      return `${event.kind} ${event.ms} ms`;
    default:
      return event.kind;
  }
}

function logText(group: string | undefined): string {
  return group === undefined ? "" : `~${group}`;
}
