import assert from "node:assert/strict";
import { addTo } from "./lists.ts";

Deno.test("a value goes to the end of its key's list", () => {
  const lists = new Map<string, number[]>();
  addTo(lists, "a", 1);
  addTo(lists, "b", 2);
  addTo(lists, "a", 3);
  assert.deepEqual([...lists], [["a", [1, 3]], ["b", [2]]]);
});
