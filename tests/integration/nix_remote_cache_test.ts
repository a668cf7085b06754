/** Nix against a cache over TLS: it trusts our CA and no other, and sends its token. */
import { equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { AppError } from "../../roles/model/errors.ts";
import type { NixOptions } from "../../roles/nix/mod.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { nixStore } from "../support/nix_store.ts";
import { tempDir } from "../support/temp.ts";

const ABSENT = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-absent";

/** A cache that has nothing, over TLS with its own certificate. */
async function emptyCache(dir: string) {
  const cert = join(dir, "cert.pem");
  const key = join(dir, "key.pem");
  await runChecked("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt"],
    ...["ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-subj", "/CN=cache", "-addext", "subjectAltName=IP:127.0.0.1"],
    ...["-keyout", key, "-out", cert],
  ]);
  const authorizations: (string | null)[] = [];
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    cert: await Deno.readTextFile(cert),
    key: await Deno.readTextFile(key),
    onListen() {},
  }, (request) => {
    authorizations.push(request.headers.get("authorization"));
    const isInfo = new URL(request.url).pathname === "/nix-cache-info";
    return isInfo
      ? new Response("StoreDir: /nix/store\n")
      : new Response("nothing here\n", { status: 404 });
  });
  return {
    cert,
    authorizations,
    url: `https://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function fetchFailure(
  url: string,
  options: Pick<NixOptions, "caFile" | "cache">,
): Promise<AppError> {
  await using store = await nixStore("tls", options);
  try {
    await store.nix.copyFrom(url, [ABSENT], { publicKeys: [] });
  } catch (error) {
    ok(error instanceof AppError);
    return error;
  }
  throw new Error("an empty cache gave a path");
}

Deno.test("nix trusts the CA file it is given and sends its token", async () => {
  await using dir = await tempDir("tls");
  await using cache = await emptyCache(dir.path);
  const error = await fetchFailure(cache.url, {
    caFile: cache.cert,
    cache: { url: cache.url, token: "pcr_worker_1_secret" },
  });
  equal(error.code, "not_found", error.message);
  const want = "Basic " + btoa("procurator:pcr_worker_1_secret");
  ok(cache.authorizations.length > 0);
  ok(cache.authorizations.every((sent) => sent === want));
});

Deno.test("nix refuses a cache whose certificate no CA vouches for", async () => {
  await using dir = await tempDir("tls");
  await using cache = await emptyCache(dir.path);
  const error = await fetchFailure(cache.url, {});
  match(error.message, /SSL|certificate/i);
  equal(cache.authorizations.length, 0);
});
