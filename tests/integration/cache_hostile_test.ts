/**
 * What hostile and broken clients say to a cache, byte for byte: it refuses
 * with a 4xx or an end, stores nothing, keeps nothing open and goes on serving.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { constants, zstdCompressSync } from "node:zlib";
import { openTokenTable } from "../../roles/auth/mod.ts";
import { encodeNixBase32 } from "../../roles/nar/core/nix_base32.ts";
import {
  fakePath,
  startCache,
  startCacheProcess,
  type TestCache,
} from "../support/cache.ts";
import { connectRaw, isWhole, say, statusOf } from "../support/raw_http.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

const LONG = { timeoutMs: 60_000 };

function fileHash(bytes: Uint8Array): string {
  return encodeNixBase32(
    new Uint8Array(createHash("sha256").update(bytes).digest()),
  );
}

async function isEmpty(cache: TestCache): Promise<boolean> {
  for (const name of ["tmp", "nar"]) {
    for await (const _ of Deno.readDir(`${cache.stateDir}/${name}`)) {
      return false;
    }
  }
  const stats = await (await fetch(`${cache.url}/api/v1/stats`)).json();
  return stats.paths + stats.nars + stats.objects === 0;
}

async function serves(cache: TestCache): Promise<void> {
  const answer = await fetch(`${cache.url}/nix-cache-info`);
  assert.match(await answer.text(), /^StoreDir: /);
}

/** A cache and how to speak to it: `end` is the rest of a head. */
async function setUp(config: Parameters<typeof startCache>[0] = {}) {
  const cache = await startCache(config);
  const host = `Host: ${new URL(cache.url).host}\r\n`;
  const bearer = `Authorization: Bearer ${cache.token("publisher")}\r\n`;
  return {
    cache,
    host,
    head: `${host}${bearer}`,
    say: (text: string | Uint8Array) => say(cache.url, text),
    [Symbol.asyncDispose]: () => cache[Symbol.asyncDispose](),
  };
}

const UP = [
  "..",
  "%2e%2e",
  "%2E.",
  "..%2f..",
  "%252e%252e",
  "..%5c..",
  "..\\..",
  "%c0%ae%c0%ae",
  "....//",
  "%00",
  ".%00.",
];

Deno.test("no spelling of a path leads out of the cache, to read or to write", async () => {
  await using at = await setUp();
  const targets = UP.flatMap((up) =>
    ["cache.sqlite", "signing.key", "tokens.sqlite"].flatMap((file) => [
      `/${up}/${file}`,
      `/nar/${up}/${file}`,
      `/nar/${up}%2f${file}`,
      `/log/${up}/${file}`,
      `/log/${up}%2F${file}`,
      `/realisations/${up}%2f${file}.doi`,
      `/debuginfo/${up}%2f${file}`,
    ])
  );
  using connection = await connectRaw(at.cache.url);
  for (const target of targets) {
    for (const method of ["GET", "PUT"]) {
      await connection.send(
        `${method} ${target} HTTP/1.1\r\n${at.head}Content-Length: 0\r\n\r\n`,
      );
      const answer = await connection.receive();
      const status = statusOf(answer);
      assert.ok(
        status >= 400 && status < 500,
        `${method} ${target}: ${answer}`,
      );
      assert.doesNotMatch(answer, /SQLite format|procurator-cache-1:/);
    }
  }
  for (
    const line of [
      "GET file:///etc/passwd HTTP/1.1",
      "GET /nar/\0 HTTP/1.1",
      "GET //etc/passwd HTTP/1.1",
      `GET /${"x".repeat(60_000)} HTTP/1.1`,
    ]
  ) {
    const answer = await at.say(`${line}\r\n${at.host}\r\n`);
    const status = statusOf(answer);
    assert.ok(status >= 400 && status < 500, answer.slice(0, 200));
    assert.ok(answer.length < 2000, "a long path is not sent back");
  }
  // Another host's name in the request line: a page of that name must read nothing here.
  const foreign = await at.say(
    `GET http://evil.example/nix-cache-info HTTP/1.1\r\n${at.host}\r\n`,
  );
  assert.equal(statusOf(foreign), 401);
  assert.ok(await isEmpty(at.cache));
});

Deno.test("requests that are none, and methods that are unknown, are refused", async () => {
  await using at = await setUp();
  const path = fakePath("hello");
  const nar = `/${path.url}`;
  const body = (headers: string, text: string) =>
    `PUT ${nar} HTTP/1.1\r\n${at.head}${headers}\r\n\r\n${text}`;
  const cases: [string, string][] = [
    ["TLS", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"],
    ["HTTP/0.9", "GET /nix-cache-info\r\n\r\n"],
    ["folded header", `GET / HTTP/1.1\r\n${at.host}X: a\r\n b\r\n\r\n`],
    [
      "5,000 headers",
      `GET / HTTP/1.1\r\n${at.host}${"X: y\r\n".repeat(5000)}\r\n`,
    ],
    [
      "huge header",
      `GET / HTTP/1.1\r\n${at.host}X: ${"y".repeat(1_000_000)}\r\n\r\n`,
    ],
    ["huge line", `GET /${"y".repeat(1_000_000)} HTTP/1.1\r\n${at.host}\r\n`],
    ["TRACE", `TRACE /nix-cache-info HTTP/1.1\r\n${at.head}\r\n`],
    ["CONNECT", `CONNECT example.org:443 HTTP/1.1\r\n${at.head}\r\n`],
    ["BREW", `BREW /nix-cache-info HTTP/1.1\r\n${at.head}\r\n`],
    ["DELETE", `DELETE /${path.hash}.narinfo HTTP/1.1\r\n${at.head}\r\n`],
    ["POST", `POST ${nar} HTTP/1.1\r\n${at.head}Content-Length: 0\r\n\r\n`],
    ["two lengths", body("Content-Length: 3\r\nContent-Length: 5", "abcde")],
    ["negative length", body("Content-Length: -5", "abcde")],
    ["length without end", body(`Content-Length: ${"9".repeat(30)}`, "abc")],
    ["length beyond the bound", body("Content-Length: 1000000000000000", "")],
    [
      "length and chunks",
      body("Content-Length: 3\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
    ],
    ["encoded nar", body("Content-Encoding: gzip\r\nContent-Length: 1", "x")],
    ["no body", body("Content-Length: 0", "")],
  ];
  for (const [what, text] of cases) {
    const status = statusOf(await at.say(text));
    assert.ok(status >= 400 && status < 500, `${what}: ${status}`);
    if (/^(TRACE|CONNECT|BREW|DELETE|POST)$/.test(what)) {
      assert.equal(status, 405, what);
    }
  }
  // These cannot be answered: the connection ends, and nothing is logged as our failure.
  for (
    const text of [
      body("Transfer-Encoding: chunked", "ZZ\r\nabcde\r\n0\r\n\r\n"),
      body("Transfer-Encoding: chunked", `${"f".repeat(17)}\r\nabc\r\n`),
    ]
  ) {
    const answer = await at.say(text);
    assert.ok([0, 400].includes(statusOf(answer)), answer);
  }
  await serves(at.cache);
  assert.ok(await isEmpty(at.cache));
});

Deno.test("requests sent ahead are answered in order; a body that was not read is never taken for a request", async () => {
  await using at = await setUp();
  const get = (path: string) => `GET ${path} HTTP/1.1\r\n${at.head}\r\n`;
  const info = get("/nix-cache-info");
  const put =
    `PUT /nar/x HTTP/1.1\r\n${at.head}Content-Length: ${info.length}\r\n\r\n${info}`;
  const statuses = async (text: string, last: string) => {
    using connection = await connectRaw(at.cache.url);
    await connection.send(text);
    const answers = await connection.receive((text) => {
      const [, rest] = text.split(`HTTP/1.1 ${last} `);
      return rest !== undefined && isWhole(rest);
    });
    return [...answers.matchAll(/HTTP\/1\.1 ([2-5]\d\d)/g)]
      .map((match) => match[1]).join(" ");
  };
  assert.equal(
    await statuses(info + get("/x.narinfo") + info + get("/nar/x\0"), "400"),
    "200 404 200 400",
  );
  assert.match(
    await statuses(info + put + get("/absent"), "404"),
    /^200 400( 404)?$/,
  );
});

Deno.test("a narinfo of another store, or with hashes that are none, is refused", async () => {
  await using at = await setUp();
  const path = fakePath("hello");
  const hash = /NarHash: sha256:(.*)/.exec(path.narInfo)?.[1] ?? "";
  const lies = [
    path.narInfo.replace("/nix/store/", "/gnu/store/"),
    path.narInfo.replace("/nix/store/", "/nix/store/../../etc/"),
    path.narInfo.replace(hash, hash.slice(1)),
    path.narInfo.replace(hash, "e".repeat(52)),
    path.narInfo.replace(hash, "z".repeat(52)),
    path.narInfo.replace("sha256:", "md5:"),
    path.narInfo.replace(/NarSize: .*/, "NarSize: 1e3"),
    path.narInfo.replace(/NarSize: .*/, `NarSize: ${"9".repeat(17)}`),
    path.narInfo.replace(/URL: nar\//, "URL: ../nar/"),
    path.narInfo.replace(/URL: nar\//, "URL: http://evil.example/nar/"),
    `${path.narInfo}Sig: x\n`,
    `${path.narInfo}StorePath: /nix/store/x\n`,
    `${path.narInfo}Deriver: ../../etc/passwd\n`,
    "\0".repeat(1000),
    "",
  ];
  const answers = await Promise.all(
    lies.map((text) =>
      at.say(
        `PUT /${path.hash}.narinfo HTTP/1.1\r\n${at.head}Content-Length: ${text.length}\r\n\r\n${text}`,
      )
    ),
  );
  for (const [index, answer] of answers.entries()) {
    assert.equal(statusOf(answer), 400, `${lies[index]}\n${answer}`);
  }
  assert.ok(await isEmpty(at.cache));
});

Deno.test("a path that is there keeps what it is, whoever sends it again", async () => {
  await using cache = await startCache();
  const authorization = `Bearer ${cache.token("publisher")}`;
  const put = async (name: string, body: string | Uint8Array) => {
    const answer = await fetch(`${cache.url}/${name}`, {
      method: "PUT",
      body: body as BodyInit,
      headers: { authorization },
    });
    return { status: answer.status, text: await answer.text() };
  };
  const leaf = fakePath("leaf");
  const other = fakePath("other");
  const top = fakePath("top", "top", [leaf.base]);
  for (const path of [leaf, other, top]) {
    assert.equal((await put(path.url, path.packed)).status, 200);
    assert.equal((await put(`${path.hash}.narinfo`, path.narInfo)).status, 200);
  }
  const get = async () =>
    await (await fetch(`${cache.url}/${top.hash}.narinfo`)).text();
  const before = await get();
  const without = top.narInfo.replace(/References: .*/, "References: ");
  const { hash } = top;
  // A collection would take the leaf away from under it.
  const refused = await put(`${hash}.narinfo`, without);
  assert.equal(refused.status, 409);
  assert.match(refused.text, new RegExp(`other references .*${leaf.base}`));
  const more = top.narInfo.replace(/References: /, `$&${other.base} `);
  assert.equal((await put(`${hash}.narinfo`, more)).status, 409);
  assert.equal(await get(), before);
  const signature = `else-1:${new Uint8Array(64).toBase64()}`;
  const signed = await put(
    `${hash}.narinfo`,
    `${top.narInfo}Sig: ${signature}\n`,
  );
  assert.equal(signed.status, 200, signed.text);
  assert.equal(await get(), `${before}Sig: ${signature}\n`);
  const plain = `nar/${fileHash(top.nar)}.nar`;
  assert.equal((await put(plain, top.nar)).status, 200);
  const unpacked = await put(
    `${hash}.narinfo`,
    top.narInfo.replace(top.url, plain).replace("zstd", "none")
      .replace(/FileHash: .*/, `FileHash: sha256:${fileHash(top.nar)}`)
      .replace(/FileSize: .*/, `FileSize: ${top.nar.length}`),
  );
  assert.equal(unpacked.status, 200, unpacked.text);
  assert.match(await get(), new RegExp(`^Sig: ${signature.slice(0, 7)}`, "m"));
});

Deno.test("what unpacks to far more than it is ends at the bound, and others are served meanwhile", async () => {
  await using at = await setUp({ maxNarBytes: 900 * 1024 * 1024 });
  const zeros = new Uint8Array(64 * 1024 * 1024);
  const frame = new Uint8Array(zstdCompressSync(zeros));
  const wide = new Uint8Array(zstdCompressSync(zeros, {
    params: {
      [constants.ZSTD_c_windowLog]: 30,
      [constants.ZSTD_c_enableLongDistanceMatching]: 1,
    },
  }));
  const bombs: [string, Uint8Array, RegExp][] = [
    [
      "zst",
      new Uint8Array(Array.from({ length: 16 }, () => [...frame]).flat()),
      /unpacked: it is larger/,
    ],
    // Content size unknown, a window of 1 GiB: no memory is set aside for it.
    ["zst", withWindow(wide, 30), /does not unpack as zstd/],
  ];
  for (const [extension, bytes, message] of bombs) {
    const upload = fetch(
      `${at.cache.url}/nar/${fileHash(bytes)}.nar.${extension}`,
      {
        method: "PUT",
        body: bytes as BodyInit,
        headers: { authorization: `Bearer ${at.cache.token("publisher")}` },
      },
    );
    let ended = false;
    void upload.finally(() => ended = true);
    let served = 0;
    do {
      await serves(at.cache);
      served++;
    } while (!ended);
    const answer = await upload;
    assert.equal(answer.status, 400);
    assert.match(await answer.text(), message);
    if (message.source.includes("larger")) assert.ok(served > 3, `${served}`);
  }
  assert.ok(await isEmpty(at.cache));
});

/** A frame that says its window is 2^`log` bytes and not how much it holds. */
function withWindow(frame: Uint8Array, log: number): Uint8Array {
  const single = (frame[4] ?? 0) >> 5 & 1;
  const sizeBytes = [single, 2, 4, 8][(frame[4] ?? 0) >> 6] ?? 0;
  const blocks = frame.subarray(5 + (single === 1 ? 0 : 1) + sizeBytes);
  const checksum = (frame[4] ?? 0) & 4;
  return new Uint8Array([
    ...frame.subarray(0, 4),
    checksum,
    (log - 10) << 3,
    ...blocks,
  ]);
}

Deno.test("a token revoked in the middle of its upload ends it, and nothing is stored", async () => {
  await using at = await setUp();
  const token = at.cache.token("publisher");
  const path = fakePath("hello");
  using connection = await connectRaw(at.cache.url);
  await connection.send(
    `PUT /${path.url} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${path.packed.length}\r\n\r\n`,
  );
  await connection.send(path.packed.subarray(0, 5));
  await until("the upload has begun", async () => {
    for await (const _ of Deno.readDir(`${at.cache.stateDir}/tmp`)) return true;
    return false;
  }, LONG);
  using table = openTable(at.cache.stateDir);
  table.revoke(token);
  await connection.send(path.packed.subarray(5));
  const answer = await connection.receive();
  assert.equal(statusOf(answer), 401, answer);
  assert.match(answer, /revoked/);
  await until("it is gone", () => isEmpty(at.cache), LONG);
});

function openTable(stateDir: string) {
  const table = openTokenTable(stateDir);
  return {
    revoke: (token: string) => table.revoke(token.split("_")[2] ?? ""),
    [Symbol.dispose]: () => table.close(),
  };
}

Deno.test("uploads that are cut, by the hundred, leave no file, no turn and no connection", async () => {
  await using at = await setUp({ maxUploads: 2 });
  const openFiles = () => [...Deno.readDirSync("/proc/self/fd")].length;
  await serves(at.cache);
  const before = openFiles();
  const path = fakePath("hello");
  for (let round = 0; round < 5; round++) {
    const cut = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const connection = await connectRaw(at.cache.url);
        const length = index % 2 === 0
          ? "Content-Length: 1000000"
          : "Transfer-Encoding: chunked";
        await connection.send(
          `PUT /${path.url} HTTP/1.1\r\n${at.head}${length}\r\n\r\n5\r\nabc`,
        );
        return connection;
      }),
    );
    for (const connection of cut) connection[Symbol.dispose]();
  }
  // Both turns are free again: a whole upload passes.
  const answer = await fetch(`${at.cache.url}/${path.url}`, {
    method: "PUT",
    body: path.packed as BodyInit,
    headers: { authorization: `Bearer ${at.cache.token("publisher")}` },
  });
  assert.equal(answer.status, 200, await answer.text());
  await until("no temporary file", async () => {
    for await (const _ of Deno.readDir(`${at.cache.stateDir}/tmp`)) {
      return false;
    }
    return true;
  }, LONG);
  await until("no connection", () => openFiles() <= before + 5, LONG);
});

Deno.test("wrong tokens by the thousand are refused alike, and hold nobody up", async () => {
  await using at = await setUp();
  const real = at.cache.token("publisher");
  const [prefix, role, id] = real.split("_");
  const wrong = [
    `${prefix}_${role}_${id}_${"0".repeat(64)}`,
    `${prefix}_admin_${id}_${real.split("_")[3]}`,
    `${prefix}_${role}_${"0".repeat(16)}_${"0".repeat(64)}`,
    "x",
  ];
  const texts = new Set<string>();
  for (let round = 0; round < 250; round++) {
    const answers = await Promise.all(
      wrong.map((token) =>
        fetch(`${at.cache.url}/nar/x`, {
          method: "PUT",
          headers: { authorization: `Basic ${btoa(`u:${token}`)}` },
        })
      ),
    );
    for (const answer of answers) {
      assert.equal(answer.status, 401);
      texts.add(await answer.text());
    }
  }
  assert.equal(texts.size, 1, "an answer does not tell what was wrong");
  const metrics = await (await fetch(`${at.cache.url}/metrics`)).text();
  assert.match(metrics, /requests_total\{method="PUT",.*status="401"\} 1000/);
  assert.ok(!metrics.includes(real));
});

Deno.test("idle connections and half requests, by the thousand, end where they would use up the files", async () => {
  await using dir = await tempDir("cache");
  await using cache = await startCacheProcess(dir.path, { openFiles: 600 });
  const held: Deno.TcpConn[] = [];
  using _held = { [Symbol.dispose]: () => held.forEach((one) => one.close()) };
  const { hostname, port } = new URL(cache.url);
  // A download under way from before the flood goes on to its end.
  const nar = new Uint8Array(16 * 1024 * 1024);
  const file = `nar/${fileHash(nar)}.nar`;
  const stored = await fetch(`${cache.url}/${file}`, {
    method: "PUT",
    body: nar as BodyInit,
    headers: { authorization: `Bearer ${cache.token("publisher")}` },
  });
  assert.equal(stored.status, 200, await stored.text());
  using download = await connectRaw(cache.url);
  await download.send(`GET /${file} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
  const begin = await download.receive((text) => text.includes("\r\n\r\n"));
  for (let round = 0; round < 20; round++) {
    for (let index = 0; index < 40; index++) {
      // Closed and not yet open anew: for some milliseconds.
      const one = await until(
        "a connection",
        () =>
          Deno.connect({ hostname, port: Number(port) }).catch(() => undefined),
        LONG,
      );
      held.push(one);
      await one.write(
        new TextEncoder().encode(index % 2 ? "GET / HT" : "\r\n"),
      ).catch((error) => {
        // One of those that were ended to make room.
        if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
      });
    }
    await until("the next one is served", async () => {
      const answer = await fetch(`${cache.url}/nix-cache-info`)
        .catch(() => undefined);
      return await answer?.text();
    }, LONG);
  }
  const head = begin.indexOf("\r\n\r\n") + 4;
  const left = nar.length + head - begin.length;
  const rest = await download.receive((text) => text.length >= left);
  assert.equal(rest.length, left);
});
