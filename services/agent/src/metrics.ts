/**
 * The agent's metrics: one table of names, kinds and help, each read from the status.
 *
 * The status is the only place where anything is counted; a scrape takes one status and reads every metric from it, so
 * that the figures of one scrape belong together.
 */
import { Metrics, type Sample } from "@meridian/shell";
import { PEER_STATES, PIPELINE_STATES, type AgentStatus, type PeerStatus, type PipelineStatus } from "./status.js";

/** One metric of the agent. */
export interface AgentMetric {
  readonly name: string;
  readonly kind: "total" | "level";
  readonly help: string;
  readonly labels: readonly string[];
  readonly read: (status: AgentStatus) => Sample[];
}

type OfPipeline = (pipeline: PipelineStatus) => number;
type Counts = Readonly<Record<string, number>>;
type SamplesOfPeer = (peer: PeerStatus) => Sample[];
type OfPeer = (peer: PeerStatus) => number;

function perServer(kind: AgentMetric["kind"], name: string, help: string, value: OfPipeline): AgentMetric {
  const read = ({ pipelines }: AgentStatus): Sample[] =>
    pipelines.map((pipeline) => ({ labels: { server: pipeline.server }, value: value(pipeline) }));
  return { name, kind, help, labels: ["server"], read };
}

function perPeer(name: string, help: string, value: OfPeer): AgentMetric {
  return samplesPerPeer(name, help, [], (peer) => [{ labels: {}, value: value(peer) }]);
}

function samplesPerPeer(name: string, help: string, labels: readonly string[], samples: SamplesOfPeer): AgentMetric {
  const read = ({ pipelines }: AgentStatus): Sample[] =>
    pipelines.flatMap(({ server, peers }) =>
      peers.flatMap((peer) =>
        samples(peer).map(({ labels: own, value }) => ({ labels: { server, peer: peer.writer, ...own }, value })),
      ),
    );
  return { name, kind: "level", help, labels: ["server", "peer", ...labels], read };
}

function perName(name: string, help: string, label: string, counts: (pipeline: PipelineStatus) => Counts): AgentMetric {
  const samples = (pipeline: PipelineStatus): Sample[] =>
    Object.entries(counts(pipeline)).map(([key, value]) => ({ labels: { server: pipeline.server, [label]: key }, value }));
  const read = ({ pipelines }: AgentStatus): Sample[] => pipelines.flatMap(samples);
  return { name, kind: "total", help, labels: ["server", label], read };
}

/** One sample for each state, 1 for the one that holds. */
function states(all: readonly string[], state: string): Sample[] {
  return all.map((name) => ({ labels: { state: name }, value: name === state ? 1 : 0 }));
}

function perState(name: string, help: string, all: readonly string[], state: (pipeline: PipelineStatus) => string): AgentMetric {
  const read = ({ pipelines }: AgentStatus): Sample[] =>
    pipelines.flatMap((pipeline) =>
      states(all, state(pipeline)).map(({ labels, value }) => ({ labels: { server: pipeline.server, ...labels }, value })),
    );
  return { name, kind: "level", help, labels: ["server", "state"], read };
}

function lagOf(peer: PeerStatus): Sample[] {
  return [
    { labels: { quantile: "0.5" }, value: peer.lagMsP50 },
    { labels: { quantile: "0.99" }, value: peer.lagMsP99 },
    { labels: { quantile: "0.999" }, value: peer.lagMsP999 },
  ];
}

const ABOUT: readonly AgentMetric[] = [
  { name: "meridian_agent_info", kind: "level", help: "Always 1; names the region and the agent's version.", labels: ["region", "version"], read: ({ region, version }) => [{ labels: { region, version }, value: 1 }] },
  { name: "meridian_agent_uptime_seconds", kind: "level", help: "Time since the agent was made.", labels: [], read: ({ uptimeMs }) => [{ labels: {}, value: uptimeMs / 1000 }] },
  perState("meridian_pipeline_state", "1 for the state that the pipeline of this server is in.", PIPELINE_STATES, ({ state }) => state),
];

const CAPTURE: readonly AgentMetric[] = [
  perServer("level", "meridian_capture_offset_bytes", "Offset in the server's replication stream up to which it is captured.", ({ capture }) => capture.offset),
  perServer("level", "meridian_capture_durable_offset_bytes", "Offset up to which everything is durable in the log; what the server has been told.", ({ capture }) => capture.durableOffset),
  perServer("level", "meridian_capture_lag_bytes", "Stream captured and not yet durable in the log.", ({ capture }) => Math.max(0, capture.offset - capture.durableOffset)),
  perServer("total", "meridian_capture_commands_total", "Commands in the server's stream, the agent's own included.", ({ capture }) => capture.commands),
  perServer("total", "meridian_capture_own_commands_total", "Commands in the stream that are the agent's own applies coming back.", ({ capture }) => capture.ownCommands),
  perServer("total", "meridian_capture_mutations_total", "Mutations made from what local clients wrote.", ({ capture }) => capture.mutations),
  perServer("level", "meridian_capture_paused", "1 while capture stands still because the store is full or its disk is slow.", ({ capture }) => Number(capture.isPaused)),
];

const PUBLISH: readonly AgentMetric[] = [
  perServer("total", "meridian_publish_records_total", "Records durable in the log.", ({ publish }) => publish.records),
  perServer("total", "meridian_publish_mutations_total", "Mutations in records that are durable in the log.", ({ publish }) => publish.mutations),
  perServer("total", "meridian_publish_bytes_total", "Bytes of records that are durable in the log.", ({ publish }) => publish.bytes),
  perServer("level", "meridian_publish_pending_records", "Records in the agent's store that the log does not hold yet.", ({ publish }) => publish.pendingRecords),
  perServer("level", "meridian_publish_pending_bytes", "Bytes in the agent's store that the log does not hold yet.", ({ publish }) => publish.pendingBytes),
];

const RECEIVE: readonly AgentMetric[] = [
  perServer("total", "meridian_receive_records_total", "Records read from the peers' logs.", ({ receive }) => receive.records),
  perServer("total", "meridian_receive_mutations_total", "Mutations read from the peers' logs.", ({ receive }) => receive.mutations),
  perServer("total", "meridian_receive_bytes_total", "Bytes read from the peers' logs.", ({ receive }) => receive.bytes),
];

const APPLY: readonly AgentMetric[] = [
  perServer("total", "meridian_apply_batches_total", "Script calls whose mark was read back.", ({ apply }) => apply.batches),
  perServer("total", "meridian_apply_cells_total", "Cells written to the server.", ({ apply }) => apply.cells),
  perServer("total", "meridian_apply_skipped_total", "Cells left alone because the server held a local write that was not captured yet.", ({ apply }) => apply.skipped),
  perServer("total", "meridian_apply_retried_total", "Cells applied again after a skip or a lost connection.", ({ apply }) => apply.retried),
  perServer("level", "meridian_apply_in_flight", "Script calls sent and not yet seen in the stream.", ({ apply }) => apply.inFlight),
  perName("meridian_conflicts_total", "Conflicts that the ledger has recorded: merging had to choose, or hid something; by rule.", "rule", ({ conflicts }) => conflicts),
  perServer("total", "meridian_apply_read_backs_total", "Keys read back because the stream did not carry the result of a command.", ({ apply }) => apply.readBacks),
];

const PEERS: readonly AgentMetric[] = [
  samplesPerPeer("meridian_peer_lag_ms", "Milliseconds from a write in its region to its being visible here, over the window of lag.windowMs.", ["quantile"], lagOf),
  perPeer("meridian_peer_lag_samples", "Mutations that meridian_peer_lag_ms is made from.", ({ lagSamples }) => lagSamples),
  perPeer("meridian_peer_frontier_ms", "Newest version of which everything up to it is merged here, in milliseconds since 1970.", ({ frontierMs }) => frontierMs),
  perPeer("meridian_peer_clock_drift_ms", "How far the newest version received stood ahead of the local clock.", ({ driftMs }) => driftMs),
  perPeer("meridian_peer_queue_bytes", "Received from this peer and not yet merged.", ({ queueBytes }) => queueBytes),
  samplesPerPeer("meridian_peer_state", "1 for the state that this peer is in.", ["state"], ({ state }) => states(PEER_STATES, state)),
];

const REST: readonly AgentMetric[] = [
  perName("meridian_unsupported_commands_total", "Commands that cannot be replicated faithfully, by name.", "command", ({ unsupported }) => unsupported),
  perName("meridian_whole_value_writes_total", "Writes replicated as whole values, last writer wins, by type.", "type", ({ wholeValue }) => wholeValue),
  perServer("total", "meridian_policy_local_commands_total", "Commands passed over because the keys that they write stay in their region.", ({ policies }) => policies.localCommands),
  perName("meridian_policy_foreign_commands_total", "Commands of clients here that wrote keys that reside in other regions, and stay here; by those regions.", "residents", ({ policies }) => policies.foreignCommands),
  perServer("total", "meridian_policy_residency_crossed_total", "Commands that may have brought something of a resident key to one that other regions get.", ({ policies }) => policies.residencyCrossed),
  perServer("level", "meridian_policy_version", "Changes of the policies that this region has gone through while it ran.", ({ policies }) => policies.version),
  perServer("total", "meridian_messages_relayed_total", "Messages of clients here that were published to the other regions.", ({ messages }) => messages.relayed),
  perServer("total", "meridian_messages_delivered_total", "Messages of other regions that were published here.", ({ messages }) => messages.delivered),
  perServer("total", "meridian_messages_expired_total", "Messages of other regions that were dropped because they were too old.", ({ messages }) => messages.expired),
  perServer("total", "meridian_messages_unwanted_total", "Messages of other regions on channels that are not accepted here.", ({ messages }) => messages.unwanted),
  perServer("total", "meridian_messages_early_total", "Messages published here that did not wait any longer for a write before them.", ({ messages }) => messages.early),
  perServer("level", "meridian_messages_waiting", "Messages of other regions that wait to be published here.", ({ messages }) => messages.waiting),
  perServer("total", "meridian_evictions_seen_total", "Keys that the server dropped to make room, and that stayed in the other regions.", ({ evictions }) => evictions.seen),
  perServer("level", "meridian_evictions_keys_away", "Keys that the server has evicted and that are not back.", ({ evictions }) => evictions.keysAway),
  perServer("total", "meridian_evictions_untold_total", "Deletions taken for a client's although nobody could tell whether they were evictions.", ({ evictions }) => evictions.untold),
  perServer("total", "meridian_evictions_unmatched_total", "Evictions that were taken for a client's deletion.", ({ evictions }) => evictions.unmatched),
  perServer("total", "meridian_evictions_unread_total", "Keys evicted before it could be read what a client had just done to them.", ({ evictions }) => evictions.unread),
  perServer("level", "meridian_stability_waiting_ms", "For how long the oldest remains of dead keys and counters wait until every region is past them.", ({ stability }) => stability?.waitingMs ?? 0),
  perServer("total", "meridian_stability_forgotten_total", "Keys and members forgotten because every region was past them.", ({ stability }) => stability?.forgotten ?? 0),
  perServer("total", "meridian_stability_heartbeats_total", "Records that only say how far this region is.", ({ stability }) => stability?.heartbeats ?? 0),
  samplesPerPeer("meridian_peer_horizon_age_ms", "Age of what this peer last said of how far it is; no sample where it never did.", [], ({ horizonAgeMs }) => (horizonAgeMs === undefined ? [] : [{ labels: {}, value: horizonAgeMs }])),
  perServer("level", "meridian_store_bytes", "Size of the agent's store for this server.", ({ store }) => store.bytes),
  perServer("level", "meridian_store_cells", "Cells that the agent's store knows.", ({ store }) => store.cells),
  perServer("level", "meridian_clock_ahead_ms", "How far the agent's versions stand ahead of its physical clock.", ({ clock }) => clock.aheadMs),
  {
    name: "meridian_log_up",
    kind: "level",
    help: "1 where the log can be reached, by kind of log.",
    labels: ["server", "kind"],
    read: ({ pipelines }) => pipelines.map(({ server, log }) => ({ labels: { server, kind: log.kind }, value: log.state === "up" ? 1 : 0 })),
  },
];

/** Every metric of the agent, in the order in which a write travels. */
export const AGENT_METRICS: readonly AgentMetric[] = [...ABOUT, ...CAPTURE, ...PUBLISH, ...RECEIVE, ...APPLY, ...PEERS, ...REST];

/** The agent's metrics over a status, together with those of the process. */
export class AgentMetrics {
  readonly #metrics = new Metrics();
  readonly #status: () => AgentStatus;
  #scraped: AgentStatus;

  constructor(status: () => AgentStatus) {
    this.#status = status;
    this.#scraped = status();
    for (const metric of AGENT_METRICS) this.#metrics.observe({ ...metric, read: () => metric.read(this.#scraped) });
    this.#metrics.observeProcess();
  }

  get contentType(): string {
    return this.#metrics.contentType;
  }

  /** All metrics of now, in Prometheus' text format. */
  text(): Promise<string> {
    this.#scraped = this.#status();
    return this.#metrics.text();
  }
}
