import assert from "node:assert/strict";
import { zstdCompressSync } from "node:zlib";
import { createHash } from "node:crypto";
import { encodeNixBase32 } from "../../roles/nar/core/nix_base32.ts";
import { startCache } from "../support/cache.ts";
import { freePort, startNginx } from "../support/nginx.ts";
import { tempDir } from "../support/temp.ts";

const NAR_BYTES = 300_000;

/** As README.md says, with the places of this test. */
function snippet(
  { listen, cache, stateDir }: {
    listen: number;
    cache: string;
    stateDir: string;
  },
): string {
  return `server {
    listen 127.0.0.1:${listen};
    location / {
      proxy_pass ${cache};
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header X-Sendfile-Type X-Accel-Redirect;
      client_max_body_size 0;
      proxy_request_buffering off;
    }
    location /internal/ {
      internal;
      alias ${stateDir}/nar/;
    }
  }`;
}

Deno.test("nars come from nginx by X-Accel-Redirect, whole and in ranges; past nginx they come from the cache", async () => {
  await using dir = await tempDir("ngx");
  await using cache = await startCache({ accelRedirect: "/internal/" });
  const listen = freePort();
  const url = `http://127.0.0.1:${listen}`;
  await using _nginx = await startNginx(dir.path, {
    http: snippet({ listen, cache: cache.url, stateDir: cache.stateDir }),
    url: `${url}/healthz`,
  });
  const nar = crypto.getRandomValues(new Uint8Array(65_536));
  const body = new Uint8Array(NAR_BYTES);
  for (let at = 0; at < body.length; at += nar.length) {
    body.set(nar.subarray(0, Math.min(nar.length, body.length - at)), at);
  }
  const packed = new Uint8Array(zstdCompressSync(body));
  const hash = createHash("sha256").update(packed).digest();
  const file = `${encodeNixBase32(new Uint8Array(hash))}.nar.zst`;
  const put = await fetch(`${url}/nar/${file}`, {
    method: "PUT",
    body: packed,
    headers: { authorization: `Bearer ${cache.token("publisher")}` },
  });
  assert.equal(put.status, 200, await put.text());

  const ask = async (base: string, init: RequestInit = {}) => {
    const answer = await fetch(`${base}/nar/${file}`, init);
    return { answer, bytes: new Uint8Array(await answer.arrayBuffer()) };
  };
  const whole = await ask(url);
  assert.equal(whole.answer.status, 200);
  assert.match(whole.answer.headers.get("server") ?? "", /nginx/);
  assert.equal(whole.answer.headers.get("x-accel-redirect"), null);
  assert.equal(
    whole.answer.headers.get("content-type"),
    "application/x-nix-nar",
  );
  assert.match(
    whole.answer.headers.get("cache-control") ?? "",
    /immutable, no-transform/,
  );
  assert.equal(whole.answer.headers.get("accept-ranges"), "bytes");
  // nginx's own, not ours: the bytes are its.
  const etag = whole.answer.headers.get("etag") ?? "";
  assert.doesNotMatch(etag, /nar/);
  assert.deepEqual(whole.bytes, packed);

  const headers = { range: `bytes=${packed.length - 10}-`, "if-range": etag };
  const resumed = await ask(url, { headers });
  assert.equal(resumed.answer.status, 206);
  assert.equal(
    resumed.answer.headers.get("content-range"),
    `bytes ${packed.length - 10}-${packed.length - 1}/${packed.length}`,
  );
  assert.deepEqual(resumed.bytes, packed.subarray(-10));
  const middle = await ask(url, { headers: { range: "bytes=5-9" } });
  assert.deepEqual(middle.bytes, packed.subarray(5, 10));
  const beyond = await ask(url, {
    headers: { range: `bytes=${packed.length}-` },
  });
  assert.equal(beyond.answer.status, 416);

  const head = await ask(url, { method: "HEAD" });
  assert.equal(head.answer.status, 200);
  assert.equal(
    head.answer.headers.get("content-length"),
    String(packed.length),
  );

  const direct = await ask(cache.url);
  assert.equal(direct.answer.headers.get("etag"), `"${file}"`);
  assert.deepEqual(direct.bytes, packed);

  // The location is nginx's own: nobody reads files past the cache's access check.
  const past = await fetch(`${url}/internal/${file.slice(0, 2)}/${file}`);
  assert.equal(past.status, 404);
  await past.body?.cancel();

  await Deno.remove(`${cache.stateDir}/nar/${file.slice(0, 2)}/${file}`);
  const lost = await ask(url);
  assert.equal(lost.answer.status, 404);
});
