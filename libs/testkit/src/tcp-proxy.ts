/**
 * A TCP proxy in user space that fails on command.
 *
 * Promises byte-exact faults: it counts what passes per connection and direction, so "forward N bytes, then reset" cuts
 * where it says, wherever the network put its chunk borders. Between faults it forwards everything in order, with
 * backpressure. Refuses to guess what travels: protocols are the business of an {@link Intercept}.
 */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** "up" is from the client to the server, "down" is the way back. */
export type Direction = "up" | "down";

/** What an {@link Intercept} is told about a chunk. */
export interface ChunkContext {
  readonly direction: Direction;
  /** Which accepted connection, from 0. */
  readonly connection: number;
  /** Bytes read in this direction of this connection before this chunk, as the sender counts them. */
  readonly offset: number;
}

/** Decides about a chunk: forward these bytes instead (perhaps none: a response that is lost), or reset the connection. */
export type Intercept = (chunk: Buffer, context: ChunkContext) => Buffer | "reset";

/** Forward so many bytes of one direction of a connection, then end it. */
export interface Cut {
  readonly direction: Direction;
  /** Bytes from the beginning of the connection that still pass. */
  readonly afterBytes: number;
  /** "reset" sends RST to both sides (default), "end" closes in good order, so all the bytes surely arrive. */
  readonly how?: "reset" | "end";
}

/** Where to forward to. */
export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

/** Chunks of one direction that wait for their delay; at this many the proxy reads no more. */
const DELAYED_CHUNKS_MAX = 1024;

/** Starts a proxy on a free port of 127.0.0.1. */
export async function startTcpProxy(target: ProxyTarget): Promise<TcpProxy> {
  const proxy = new TcpProxy(target);
  await proxy.accept();
  return proxy;
}

/** A running proxy. Made by {@link startTcpProxy}. */
export class TcpProxy {
  readonly host = "127.0.0.1";
  /** Sees every chunk; undefined forwards all. May be changed at any time. */
  intercept: Intercept | undefined;
  /** Added to each chunk, per direction, order kept. */
  readonly delayMs: Record<Direction, number> = { up: 0, down: 0 };
  /** Where new connections go; may be changed. */
  target: ProxyTarget;
  readonly #links = new Set<Link>();
  readonly #held = new Set<Direction>();
  readonly #cuts: Cut[] = [];
  #server: Server | undefined;
  #port = 0;
  #accepted = 0;

  constructor(target: ProxyTarget) {
    this.target = target;
  }

  get port(): number {
    return this.#port;
  }

  /** Connections accepted so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Connections open now. */
  get open(): number {
    return this.#links.size;
  }

  /** The next connection accepted is cut so. Several queue up, one per connection. */
  cutNext(cut: Cut): void {
    this.#cuts.push(cut);
  }

  /** Resets every open connection now. */
  cutAll(): void {
    for (const link of [...this.#links]) link.reset();
  }

  /** Reads no more of a direction, on present and future connections, until {@link release}. */
  hold(direction: Direction): void {
    this.#held.add(direction);
    for (const link of this.#links) link.hold(direction);
  }

  release(direction: Direction): void {
    this.#held.delete(direction);
    for (const link of this.#links) link.release(direction);
  }

  /** Refuses new connections (the port is closed); open ones stay. */
  refuse(): void {
    // close() calls back only after the open connections, but the port is closed at once
    this.#server?.close();
    this.#server = undefined;
  }

  /** Accepts connections (again), on the same port. */
  async accept(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer({ noDelay: true }, (socket) => this.#onClient(socket));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, this.host, resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Resets all connections and closes the port. */
  stop(): void {
    this.refuse();
    this.cutAll();
  }

  #onClient(client: Socket): void {
    const index = this.#accepted;
    this.#accepted += 1;
    const server = connect({ host: this.target.host, port: this.target.port, noDelay: true });
    for (const socket of [client, server]) readOn(socket);
    const link = new Link(this, index, client, server, this.#cuts.shift(), () => this.#links.delete(link));
    this.#links.add(link);
    for (const direction of this.#held) link.hold(direction);
  }
}

/** Who cannot be written to any more may have sent something before: a failed write would make Node throw that away unread. */
function readOn(socket: Socket): void {
  const write = socket._write.bind(socket);
  const writeAll = socket._writev?.bind(socket);
  socket._write = (chunk: unknown, encoding, done) => write(chunk, encoding, () => done());
  if (writeAll) socket._writev = (chunks, done) => writeAll(chunks, () => done());
}

/** One proxied connection: two sockets, two flows. */
class Link {
  readonly #flows: Record<Direction, Flow>;
  readonly #sockets: readonly [Socket, Socket];
  readonly #onClosed: () => void;
  #closed = false;

  constructor(proxy: TcpProxy, index: number, client: Socket, server: Socket, cut: Cut | undefined, onClosed: () => void) {
    this.#sockets = [client, server];
    this.#onClosed = onClosed;
    const flow = (direction: Direction, from: Socket, to: Socket): Flow =>
      new Flow(proxy, this, { direction, connection: index }, from, to, cut?.direction === direction ? cut : undefined);
    this.#flows = { up: flow("up", client, server), down: flow("down", server, client) };
    for (const socket of this.#sockets) {
      socket.on("close", () => this.#sockets.every((one) => one.destroyed) && this.#close());
    }
  }

  hold(direction: Direction): void {
    this.#flows[direction].hold();
  }

  release(direction: Direction): void {
    this.#flows[direction].release();
  }

  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.#close();
  }

  /** Both sides closed in good order, what was written still arrives. */
  end(): void {
    for (const socket of this.#sockets) socket.destroySoon();
    this.#close();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClosed();
  }
}

/** One direction of a link: reads, asks, delays, counts, cuts, writes. */
class Flow {
  readonly #proxy: TcpProxy;
  readonly #link: Link;
  readonly #place: Omit<ChunkContext, "offset">;
  readonly #from: Socket;
  readonly #to: Socket;
  #cutLeft: number;
  readonly #cutHow: "reset" | "end";
  #offset = 0;
  #queue: Promise<void> = Promise.resolve();
  #pending = 0;
  #heldBack = false;

  constructor(proxy: TcpProxy, link: Link, place: Omit<ChunkContext, "offset">, from: Socket, to: Socket, cut: Cut | undefined) {
    this.#proxy = proxy;
    this.#link = link;
    this.#place = place;
    this.#from = from;
    this.#to = to;
    this.#cutLeft = cut?.afterBytes ?? Infinity;
    this.#cutHow = cut?.how ?? "reset";
    from.on("data", (chunk: Buffer) => this.#onChunk(chunk));
    from.on("end", () => this.#enqueue(() => void to.end()));
    // What came before a reset is delivered before it, as by a network.
    from.on("error", () => this.#enqueue(() => this.#link.reset()));
    to.on("drain", () => this.#flowOn());
    if (this.#cutLeft === 0) process.nextTick(() => this.#cut());
  }

  hold(): void {
    this.#heldBack = true;
    this.#from.pause();
  }

  release(): void {
    this.#heldBack = false;
    this.#flowOn();
  }

  #flowOn(): void {
    if (!this.#heldBack && !this.#to.writableNeedDrain && this.#pending < DELAYED_CHUNKS_MAX) this.#from.resume();
  }

  #onChunk(chunk: Buffer): void {
    const verdict = this.#proxy.intercept?.(chunk, { ...this.#place, offset: this.#offset }) ?? chunk;
    this.#offset += chunk.length;
    this.#enqueue(() => (verdict === "reset" ? this.#link.reset() : this.#forward(verdict)));
  }

  /** Runs in order, after the delay; without one, at once where nothing waits. */
  #enqueue(step: () => void): void {
    const delayMs = this.#proxy.delayMs[this.#place.direction];
    if (delayMs === 0 && this.#pending === 0) return step();
    this.#pending += 1;
    if (this.#pending >= DELAYED_CHUNKS_MAX) this.#from.pause();
    const due = performance.now() + delayMs;
    this.#queue = this.#queue.then(async () => {
      const wait = due - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      this.#pending -= 1;
      step();
      if (this.#from.isPaused()) this.#flowOn();
    });
  }

  #forward(bytes: Buffer): void {
    if (bytes.length === 0 || !this.#to.writable) return;
    const passing = bytes.length < this.#cutLeft ? bytes : bytes.subarray(0, this.#cutLeft);
    this.#cutLeft -= passing.length;
    if (this.#cutLeft === 0) {
      this.#to.write(passing, () => this.#cut());
    } else if (!this.#to.write(passing)) {
      this.#from.pause();
    }
  }

  #cut(): void {
    if (this.#cutHow === "end") this.#link.end();
    else this.#link.reset();
  }
}
