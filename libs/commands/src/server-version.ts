/** Versions of servers: numbers divided by dots, compared as numbers; what is left out counts as zero. */

/** Negative where `a` is older than `b`, positive where newer. "8.0" equals "8.0.0". */
export function compareVersions(a: string, b: string): number {
  const left = a.split(".").map(Number);
  const right = b.split(".").map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
