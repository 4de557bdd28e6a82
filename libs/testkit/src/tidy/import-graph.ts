/** Graphs of names: cycles and reachability, for packages and for files alike. */

/** Who imports whom. */
export type Graph = ReadonlyMap<string, readonly string[]>;

/** One cycle of the graph as a path whose last element is its first, or undefined. */
export function findCycle(graph: Graph): readonly string[] | undefined {
  const done = new Set<string>();
  for (const start of graph.keys()) {
    const cycle = walk(graph, start, [], done);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

function walk(graph: Graph, node: string, path: readonly string[], done: Set<string>): readonly string[] | undefined {
  const at = path.indexOf(node);
  if (at >= 0) return [...path.slice(at), node];
  if (done.has(node)) return undefined;
  for (const next of graph.get(node) ?? []) {
    const cycle = walk(graph, next, [...path, node], done);
    if (cycle !== undefined) return cycle;
  }
  done.add(node);
  return undefined;
}

/** Everything that can be reached from `roots`, the roots included. */
export function reachable(graph: Graph, roots: Iterable<string>): ReadonlySet<string> {
  const seen = new Set<string>();
  const pending = [...roots];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    pending.push(...(graph.get(node) ?? []));
  }
  return seen;
}
