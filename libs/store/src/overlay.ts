/** Ordered entries of which later layers hide earlier ones. */

/** One entry of a layer; `undefined` hides what is below. */
export type LayerEntry = readonly [string, Buffer | undefined];

/** Both layers in key order; where both have a key, `top`'s entry stands. */
export function* overlay(top: Iterable<LayerEntry>, bottom: Iterable<LayerEntry>): Iterable<LayerEntry> {
  const upper = top[Symbol.iterator]();
  const lower = bottom[Symbol.iterator]();
  try {
    let a = nextOf(upper);
    let b = nextOf(lower);
    for (;;) {
      if (a === undefined && b === undefined) return;
      if (a !== undefined && (b === undefined || a[0] <= b[0])) {
        if (b !== undefined && a[0] === b[0]) b = nextOf(lower);
        yield a;
        a = nextOf(upper);
      } else {
        yield b as LayerEntry;
        b = nextOf(lower);
      }
    }
  } finally {
    upper.return?.();
    lower.return?.();
  }
}

function nextOf(entries: Iterator<LayerEntry>): LayerEntry | undefined {
  const step = entries.next();
  return step.done === true ? undefined : step.value;
}
