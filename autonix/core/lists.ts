/**
 * Maps of lists that are filled one value after another. What is at hand as a
 * whole is grouped by `Map.groupBy`.
 *
 * @module
 */

/** Adds a value to the list of a key. */
export function addTo<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
