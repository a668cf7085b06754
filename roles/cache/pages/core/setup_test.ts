import assert from "node:assert/strict";
import { type Place, recipesOf } from "./setup.ts";

const PLACE: Place = {
  url: "https://cache.example:6444",
  publicKeys: ["a-1:AAAA", "b-1:BBBB"],
  needsToken: true,
};

function linesOf(place: Place): Map<string, string> {
  return new Map(
    recipesOf(place).map(({ title, lines }) => [title, lines.join("\n")]),
  );
}

Deno.test("the lines name the cache, all its keys, and the token's file", () => {
  const lines = linesOf(PLACE);
  assert.equal(
    lines.get("nix.conf"),
    `extra-substituters = https://cache.example:6444
extra-trusted-public-keys = a-1:AAAA b-1:BBBB
netrc-file = /etc/nix/netrc`,
  );
  assert.match(lines.get("NixOS") ?? "", /\[ "a-1:AAAA" "b-1:BBBB" \];/);
  assert.match(lines.get("A flake") ?? "", /^nixConfig = \{$/m);
  assert.match(lines.get("Push") ?? "", /6444\?compression=zstd'/);
});

Deno.test("a netrc file has the host without its port, as nix looks it up", () => {
  const of = (url: string) =>
    linesOf({ ...PLACE, url }).get("netrc, for the token");
  assert.equal(
    of("https://cache.example:6444"),
    "machine cache.example login procurator password TOKEN",
  );
  assert.match(of("http://[::1]:1") ?? "", /^machine ::1 login/);
});

Deno.test("where reading takes no token, readers are told of none", () => {
  const lines = linesOf({ ...PLACE, needsToken: false });
  assert.doesNotMatch(lines.get("nix.conf") ?? "", /netrc/);
  assert.doesNotMatch(lines.get("NixOS") ?? "", /netrc/);
});
