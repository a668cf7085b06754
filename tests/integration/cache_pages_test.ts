/**
 * The cache's pages in a real Chromium, and its figures: what a reader, a
 * scrape and `procurator cache status` are told.
 *
 * @module
 */
import assert from "node:assert/strict";
import { chromium, type Page } from "playwright-core";
import { CacheStatus } from "../../roles/model/cache_status.ts";
import {
  type FakePath,
  fakePath,
  startCache,
  type TestCache,
} from "../support/cache.ts";
import { until } from "../support/wait.ts";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run"];
/** What a page takes on two busy cores. */
const PAGE_MS = 60_000;

async function send(
  cache: TestCache,
  path: string,
  { method = "PUT", body, token }: {
    method?: string;
    body: string | Uint8Array;
    token: string;
  },
): Promise<void> {
  const answer = await fetch(`${cache.url}/${path}`, {
    method,
    body: body as BodyInit,
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(answer.status, 200, await answer.text());
}

async function push(cache: TestCache, token: string, path: FakePath) {
  await send(cache, path.url, { body: path.packed, token });
  await send(cache, `${path.hash}.narinfo`, { body: path.narInfo, token });
}

/** A closure, a path without one, a miss, a pin and a collection. */
async function fill(cache: TestCache) {
  const token = cache.token("publisher");
  const library = fakePath("library-with-a-name-that-is-rather-long-3.14.15");
  const system = fakePath("system", "system", [library.base]);
  const alone = fakePath("alone<b>");
  for (const path of [library, system]) await push(cache, token, path);
  const pin = JSON.stringify({ path: `/nix/store/${system.base}` });
  await send(cache, "api/v1/pins/release", { body: pin, token });
  const admin = cache.token("admin");
  await send(cache, "api/v1/gc", { method: "POST", body: "{}", token: admin });
  for (const hash of [library.hash, alone.hash]) {
    const answer = await fetch(`${cache.url}/${hash}.narinfo`);
    await answer.body?.cancel();
  }
  return { library, system };
}

async function statusOf(cache: TestCache): Promise<CacheStatus> {
  const answer = await fetch(`${cache.url}/api/v1/status`);
  return CacheStatus.parse(await answer.json());
}

async function assertFits(page: Page, width: number): Promise<void> {
  // As text: it runs in the page, which has other globals than this.
  const widest = await page.evaluate<number>(`Math.max(
    document.documentElement.scrollWidth,
    ...[...document.querySelectorAll("main *, header *")]
      .map((element) => element.getBoundingClientRect().right),
  )`);
  assert.ok(widest <= width, `${page.url()} is ${widest} wide of ${width}`);
}

Deno.test("the cache's page: what came, what is large, what keeps it, and lines to copy", async () => {
  await using cache = await startCache({ gc: { standalone: true } });
  const { library } = await fill(cache);
  await until(
    "the closures were found",
    async () => (await statusOf(cache)).largest !== null,
    { timeoutMs: PAGE_MS },
  );
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: FLAGS,
  });
  try {
    const context = await browser.newContext({
      permissions: ["clipboard-read", "clipboard-write"],
      viewport: { width: 1280, height: 800 },
    });
    const page = await context.newPage();
    page.setDefaultTimeout(PAGE_MS);
    const problems: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") problems.push(message.text());
    });
    page.on("pageerror", (error) => problems.push(String(error)));

    await page.goto(cache.url);
    const pushed = page.getByRole("table", { name: "Recent pushes" });
    assert.match(await pushed.textContent() ?? "", /test.*system.*2.* B/);
    const large = page.getByRole("table", { name: "Largest closures" });
    assert.match(await large.textContent() ?? "", /system2.* B/);
    assert.equal(await large.getByRole("row").count(), 2, "tops alone");
    const collected = page.getByRole("table", { name: "Collections" });
    assert.match(await collected.textContent() ?? "", /test.*done/);
    await assertFits(page, 1280);

    await page.getByRole("button", { name: "Copy" }).first().click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    assert.equal(
      await page.evaluate<string>("navigator.clipboard.readText()"),
      `extra-substituters = ${cache.url}\nextra-trusted-public-keys = ${cache.publicKey}`,
    );

    await page.getByRole("link", { name: "Why kept" }).click();
    await page.getByLabel("A store path, or its hash").fill(
      `/nix/store/${library.base}`,
    );
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "pin release" }).waitFor();
    const chain = await page.locator("ol.chain").textContent() ?? "";
    assert.match(chain, /system.*library-with/);

    await page.setViewportSize({ width: 360, height: 800 });
    for (const path of ["/", `/why?path=${library.hash}`, "/why?path=<i>"]) {
      await page.goto(cache.url + path);
      await page.locator("h1").waitFor();
      await assertFits(page, 360);
    }
    await page.getByText('"<i>" is no store path').waitFor();
    assert.deepEqual(problems, [], "no policy violation, no script error");
  } finally {
    await browser.close();
  }
});

Deno.test("figures: requests by kind and answer, hits, bytes, size, the last collection", async () => {
  await using cache = await startCache({ gc: { standalone: true } });
  const { system } = await fill(cache);
  const closure = await fetch(`${cache.url}/closure`, {
    method: "POST",
    body: JSON.stringify({ want: [system.base] }),
  });
  const sent = (await closure.arrayBuffer()).byteLength;
  assert.equal(closure.status, 200);
  const text = await (await fetch(`${cache.url}/metrics`)).text();
  const figure = (name: string) =>
    Number(
      text.split("\n").find((line) => line.startsWith(`${name} `))
        ?.split(" ")[1],
    );
  const requests = (labels: string) =>
    figure(`procurator_cache_requests_total{${labels}}`);
  assert.equal(requests('kind="nar",method="PUT",answer="ok"'), 2);
  assert.equal(requests('kind="narinfo",method="GET",answer="ok"'), 1);
  assert.equal(requests('kind="narinfo",method="GET",answer="absent"'), 1);
  const lookups = (result: string) =>
    figure(
      `procurator_cache_lookups_total{what="narinfo",result="${result}"}`,
    );
  assert.deepEqual([lookups("hit"), lookups("miss")], [1, 1]);
  assert.equal(
    figure('procurator_cache_sent_bytes_total{what="closure"}'),
    sent,
  );
  const status = await statusOf(cache);
  assert.equal(figure("procurator_cache_paths"), 2);
  assert.equal(
    figure("procurator_cache_received_bytes_total"),
    status.content.fileBytes,
  );
  assert.equal(
    figure("procurator_cache_nar_bytes"),
    status.content.fileBytes,
  );
  assert.ok(figure("procurator_cache_disk_free_bytes") > 0);
  assert.ok(figure("procurator_cache_open_requests") >= 1);
  assert.equal(figure("procurator_cache_collection_last_success"), 1);
  assert.ok(
    figure("procurator_cache_collection_last_end_timestamp_seconds") > 1e9,
  );
  assert.equal(status.pushes[0]?.by, "test");
  assert.equal(status.traffic.openRequests, 1);
});

Deno.test("pages take a viewer's token where everything does, and programs get text", async () => {
  await using cache = await startCache({
    anonymousRole: "none",
    publicUrl: "https://cache.example/",
  });
  const html = { accept: "text/html" };
  const without = await fetch(cache.url, { headers: html });
  assert.equal(without.status, 401);
  assert.match(without.headers.get("www-authenticate") ?? "", /^Basic /);
  assert.match(await without.text(), /<h1>A token is needed<\/h1>/);
  const program = await fetch(`${cache.url}/nix-cache-info`);
  assert.equal(program.status, 401);
  assert.doesNotMatch(await program.text(), /</);

  const basic = `Basic ${btoa(`any:${cache.token("viewer")}`)}`;
  const page = await fetch(cache.url, {
    headers: { ...html, authorization: basic },
  });
  assert.equal(page.status, 200);
  const text = await page.text();
  assert.match(text, /extra-substituters = https:\/\/cache\.example\n/);
  assert.match(text, /netrc-file = \/etc\/nix\/netrc/);
  assert.match(text, /Nothing was pushed yet/);
  assert.doesNotMatch(text, /<script(?! src=)|onclick|style="/);
  const policy = page.headers.get("content-security-policy") ?? "";
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
});
