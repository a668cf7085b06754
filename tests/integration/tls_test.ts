/**
 * Certificates of `tls init` before openssl, curl and our own client.
 *
 * @module
 */
import assert from "node:assert/strict";
import { initTls, loadCa, loadTls } from "../../roles/auth/mod.ts";
import { httpClient, serveHttp } from "../../roles/http/mod.ts";
import { systemRandom } from "../../roles/clock/mod.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { tempDir } from "../support/temp.ts";

const source = () => ({ now: Date.now(), random: systemRandom });

Deno.test("openssl accepts the certificates, the keys are private, a renewal keeps the CA", async () => {
  await using dir = await tempDir("tls");
  const path = `${dir.path}/tls`;
  const first = await initTls(
    path,
    ["localhost", "127.0.0.1", "::1"],
    source(),
  );
  assert.equal(first.keptCa, false);
  for (const key of [first.caKey, first.serverKey]) {
    assert.equal(((await Deno.stat(key)).mode ?? 0) & 0o777, 0o600, key);
  }
  const verify = () =>
    runChecked("openssl", [
      "verify",
      "-x509_strict",
      "-purpose",
      "sslserver",
      "-verify_ip",
      "127.0.0.1",
      "-CAfile",
      first.caCert,
      first.serverCert,
    ]);
  assert.match(await verify(), /: OK/);
  const ca = await Deno.readTextFile(first.caCert);
  const server = await Deno.readTextFile(first.serverCert);
  const second = await initTls(path, [], source());
  assert.equal(second.keptCa, true);
  assert.equal(second.hosts.length, 3);
  assert.equal(await Deno.readTextFile(first.caCert), ca);
  assert.notEqual(await Deno.readTextFile(first.serverCert), server);
  assert.match(await verify(), /: OK/);
});

Deno.test("https is served and checked: the right CA passes, none or a wrong name does not", async () => {
  await using dir = await tempDir("tls");
  const files = await initTls(`${dir.path}/a`, ["127.0.0.1"], source());
  const other = await initTls(`${dir.path}/b`, ["127.0.0.1"], source());
  const tls = await loadTls({
    tlsCert: files.serverCert,
    tlsKey: files.serverKey,
  });
  const app = { fetch: () => new Response("hello") };
  const server = await serveHttp({
    name: "hub",
    listen: "127.0.0.1:0",
    tls,
    app,
  });
  try {
    assert.match(server.url, /^https:/);
    using good = httpClient({
      url: server.url,
      caCert: await loadCa(files.caCert),
    });
    assert.equal(await (await good.request("/")).text(), "hello");
    assert.equal(
      await runChecked("curl", ["-sS", "--cacert", files.caCert, server.url]),
      "hello",
    );
    using strange = httpClient({
      url: server.url,
      caCert: await loadCa(other.caCert),
    });
    await assert.rejects(strange.request("/"), {
      code: "refused",
      message: /Cannot trust/,
    });
    using misnamed = httpClient({
      url: server.url.replace("127.0.0.1", "localhost"),
      caCert: await loadCa(files.caCert),
    });
    await assert.rejects(misnamed.request("/"), { code: "refused" });
  } finally {
    await server.stop();
  }
});

Deno.test("files that do not belong together are refused", async () => {
  await using dir = await tempDir("tls");
  const a = await initTls(`${dir.path}/a`, ["a"], source());
  const b = await initTls(`${dir.path}/b`, ["b"], source());
  await assert.rejects(
    loadTls({ tlsCert: a.serverCert, tlsKey: b.serverKey }),
    { code: "invalid", message: /is not the key of/ },
  );
  await Deno.copyFile(b.caKey, a.caKey);
  await assert.rejects(initTls(`${dir.path}/a`, [], source()), {
    code: "invalid",
  });
  await Deno.remove(a.caKey);
  await assert.rejects(initTls(`${dir.path}/a`, [], source()), {
    code: "refused",
    message: /ca.key is missing/,
  });
  await assert.rejects(initTls(`${dir.path}/new`, [], source()), {
    code: "usage",
  });
  await assert.rejects(loadCa(`${dir.path}/none`), { code: "not_found" });
});
