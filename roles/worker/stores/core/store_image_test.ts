import assert from "node:assert/strict";
import { imageCommand, imageName, parseImageName } from "./store_image.ts";

const A = `/nix/store/${"a".repeat(32)}-system`;
const B = `/nix/store/${"b".repeat(32)}-library`;
const closure = [
  { path: A, narHash: "sha256:1", narSizeBytes: 1 },
  { path: B, narHash: "sha256:2", narSizeBytes: 2 },
];

Deno.test("imageName() says whose closure it is, and is another one for other content", () => {
  const name = imageName(A, closure, "erofs");
  assert.equal(imageName(A, closure.toReversed(), "erofs"), name);
  assert.equal(parseImageName(name)?.storeHash, "a".repeat(32));
  assert.equal(parseImageName(name)?.format, "erofs");
  const [first, second] = closure;
  assert.ok(first && second);
  const rebuilt = [first, { ...second, narHash: "sha256:3" }];
  assert.notEqual(imageName(A, rebuilt, "erofs"), name);
});

Deno.test("parseImageName() takes nothing that is not an image's name", () => {
  for (const name of ["", "x.new", "a-b.erofs", `${"e".repeat(32)}-1.ext4`]) {
    assert.equal(parseImageName(name), null, name);
  }
});

Deno.test("imageCommand() names the target, and each path once", () => {
  const places = {
    storeDir: "/nix/store",
    sources: [A, B],
    staging: "/s/staging",
    target: "/s/x.new",
  };
  const squashfs = imageCommand("squashfs", places);
  assert.deepEqual(squashfs.args.slice(0, 3), [
    A.slice("/nix/store/".length),
    B.slice("/nix/store/".length),
    "/s/x.new",
  ]);
  const erofs = imageCommand("erofs", places);
  assert.equal(erofs.stdin, `${A}\n${B}\n`);
  assert.deepEqual(erofs.args.slice(-2), ["/s/x.new", "/s/staging"]);
});
