import assert from "node:assert/strict";
import { AppError } from "../../model/errors.ts";
import {
  cgiEnvironment,
  isGitPath,
  parseGitRequest,
  roleFor,
} from "./git_request.ts";

function parse(method: string, url: string) {
  const { pathname, searchParams } = new URL(url, "http://h");
  return parseGitRequest(method, pathname, searchParams);
}

Deno.test("parseGitRequest() knows the three requests of the smart protocol and the role each needs", () => {
  const fetch = parse("GET", "/shop.git/info/refs?service=git-upload-pack");
  assert.deepEqual(fetch, {
    repository: "shop",
    service: "git-upload-pack",
    advertise: true,
  });
  assert.equal(roleFor(fetch), "viewer");
  const push = parse("POST", "/shop.git/git-receive-pack");
  assert.deepEqual(push, {
    repository: "shop",
    service: "git-receive-pack",
    advertise: false,
  });
  assert.equal(roleFor(push), "publisher");
});

Deno.test("parseGitRequest() refuses everything else", () => {
  const table = [
    ["GET", "/shop.git/info/refs", "refused"],
    ["GET", "/shop.git/info/refs?service=git-upload-archive", "refused"],
    ["GET", "/shop.git/HEAD", "not_found"],
    ["GET", "/shop.git/objects/info/packs", "not_found"],
    ["GET", "/shop.git/git-upload-pack", "invalid"],
    ["POST", "/shop.git/info/refs?service=git-upload-pack", "invalid"],
    ["POST", "/UP.git/git-upload-pack", "invalid"],
    ["POST", "/..%2f..git/git-upload-pack", "invalid"],
    ["POST", `/${"a".repeat(64)}.git/git-upload-pack`, "invalid"],
  ] as const;
  for (const [method, url, code] of table) {
    assert.throws(
      () => parse(method, url),
      (error) => error instanceof AppError && error.code === code,
      url,
    );
    assert.ok(isGitPath(new URL(url, "http://h").pathname), url);
  }
  assert.ok(!isGitPath("/repositories/shop"));
});

Deno.test("cgiEnvironment() passes on only what is well-formed", () => {
  const request = parse("POST", "/shop.git/git-receive-pack");
  const input = {
    root: "/r",
    user: "ci",
    method: "POST",
    contentType: "application/x-git-receive-pack-request",
    contentLength: "12",
    contentEncoding: "gzip",
    gitProtocol: "version=2",
  };
  const env = cgiEnvironment(request, input);
  assert.equal(env["PATH_INFO"], "/shop.git/git-receive-pack");
  assert.equal(env["CONTENT_LENGTH"], "12");
  assert.equal(env["GIT_PROTOCOL"], "version=2");
  const odd = cgiEnvironment(request, {
    ...input,
    contentLength: "-1",
    gitProtocol: "a\nb",
    contentType: null,
  });
  assert.deepEqual(
    ["CONTENT_LENGTH", "GIT_PROTOCOL", "CONTENT_TYPE"].filter((key) =>
      key in odd
    ),
    [],
  );
});
