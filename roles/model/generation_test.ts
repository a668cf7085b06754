import assert from "node:assert/strict";
import { vmSpec } from "../../tests/support/specs.ts";
import { PublishRequest } from "./generation.ts";

Deno.test("a publish names each VM that is there more than once", () => {
  const publish = (...names: string[]) =>
    PublishRequest.safeParse({
      cluster: "shop",
      repository: "shop",
      commit: "abcdef",
      generation: 1,
      parent: 0,
      intentHash: "0".repeat(64),
      vmSpecs: names.map((name) => vmSpec({ name })),
    });
  assert.ok(publish("a", "b").success);
  assert.deepEqual(
    publish("a", "b", "c", "b", "a").error?.issues.map(({ path, message }) => [
      path.join(),
      message,
    ]),
    [["vmSpecs", '"b" is there twice'], ["vmSpecs", '"a" is there twice']],
  );
});
