/**
 * Hits of all that was asked, in words. Pure.
 *
 * @module
 */

/** `97.3 %`; a dash where nobody asked. Never 100 % with a miss. */
export function hitRate(
  { hits, misses }: { hits: number; misses: number },
): string {
  const all = hits + misses;
  if (all === 0) return "–";
  return `${(Math.floor(1000 * hits / all) / 10).toFixed(1)} %`;
}
