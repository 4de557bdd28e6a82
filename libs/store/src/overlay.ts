/** Ordered entries of which later layers hide earlier ones. */

/** One entry of a layer; `undefined` hides what is below. */
export type LayerEntry = readonly [string, Buffer | undefined];

/** Both layers in key order; where both have a key, `top`'s entry stands. */
export function* overlay(top: Iterable<LayerEntry>, bottom: Iterable<LayerEntry>): Iterable<LayerEntry> {
  const upper: Iterator<LayerEntry, undefined> = top[Symbol.iterator]();
  const lower: Iterator<LayerEntry, undefined> = bottom[Symbol.iterator]();
  try {
    let a = upper.next();
    let b = lower.next();
    while (a.done !== true || b.done !== true) {
      if (b.done === true || (a.done !== true && a.value[0] <= b.value[0])) {
        if (b.done !== true && a.value[0] === b.value[0]) b = lower.next();
        yield a.value;
        a = upper.next();
      } else {
        yield b.value;
        b = lower.next();
      }
    }
  } finally {
    upper.return?.();
    lower.return?.();
  }
}
