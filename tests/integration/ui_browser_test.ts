/**
 * The pages in a real Chromium: what a reader sees, at two widths, with the content policy in force.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Browser, chromium, type Page } from "playwright-core";
import { Hono } from "hono";
import { systemRandom } from "../../roles/clock/mod.ts";
import { AppError } from "../../roles/model/mod.ts";
import { createApp, errorPage } from "../../ui/mod.ts";
import { FAKE_NOW_MS, FakeHubData } from "../support/fake_hub_data.ts";
import { until } from "../support/wait.ts";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** What a page takes on two busy cores. */
const PAGE_MS = 20_000;

interface Site extends AsyncDisposable {
  url: string;
  data: FakeHubData;
  /** A page whose policy violations and script errors are collected. */
  open(
    path: string,
    width?: number,
  ): Promise<{ page: Page; problems: string[] }>;
}

async function serve(): Promise<Site> {
  const data = new FakeHubData();
  const app = new Hono();
  app.onError((error) =>
    errorPage(
      error instanceof AppError ? error : new AppError("failed", String(error)),
      systemRandom,
    )
  );
  app.notFound((c) =>
    errorPage(
      new AppError("not_found", `There is nothing at ${c.req.path}`),
      systemRandom,
    )
  );
  app.route(
    "/",
    createApp({
      data,
      publicUrl: () => "https://hub.example",
      nowMs: () => FAKE_NOW_MS,
      random: systemRandom,
    }),
  );
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
  }, app.fetch);
  const url = `http://127.0.0.1:${server.addr.port}`;
  const browser: Browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: FLAGS,
  });
  return {
    url,
    data,
    async open(path, width = 1280) {
      const page = await browser.newPage({ viewport: { width, height: 800 } });
      page.setDefaultTimeout(PAGE_MS);
      const problems: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error") problems.push(message.text());
      });
      page.on("pageerror", (error) => problems.push(String(error)));
      await page.goto(url + path);
      return { page, problems };
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await server.shutdown();
    },
  };
}

Deno.test("pages: repositories, a build with its log, the cluster", async () => {
  await using site = await serve();
  const { page, problems } = await site.open("/");
  await page.getByRole("link", { name: "shop" }).click();
  await page.getByText("git clone https://hub.example/shop.git").waitFor();
  await page.getByText("Say hello to <everybody> & more").waitFor();
  await page.getByRole("link", { name: "#3" }).click();
  await page.getByRole("log").getByText("<script>alert(1)</script>").waitFor();
  await page.getByRole("table", { name: "Steps" }).getByText("build vms")
    .waitFor();
  await page.getByRole("link", { name: "Cluster", exact: true }).click();
  await page.getByText("Rollout of generation 2: running").waitFor();
  assert.equal(
    await page.getByRole("table", { name: "VMs" }).getByRole("row").count(),
    4,
  );
  await page.getByText("copying 3 paths").waitFor();
  assert.deepEqual(problems, [], "no policy violation, no script error");
});

Deno.test("pages: a page follows what changes without a reload", async () => {
  await using site = await serve();
  const { page } = await site.open("/repositories/shop");
  await page.getByText("building").first().waitFor();
  const [job] = site.data.allJobs;
  assert.ok(job !== undefined);
  site.data.allJobs[0] = {
    ...job,
    state: "succeeded",
    stage: null,
    message: "published as generation 2",
    generation: 2,
  };
  await page.getByText("published as generation 2").waitFor();
});

Deno.test("pages: they fit 400 pixels, label each value there, and can be walked by keyboard", async () => {
  await using site = await serve();
  for (
    const path of [
      "/",
      "/repositories/shop",
      "/repositories/shop/builds/2",
      "/clusters/shop",
    ]
  ) {
    const { page } = await site.open(path, 400);
    await page.locator("h1").waitFor();
    for (
      const cell of await page.locator(
        "main td *:visible, main h1, main h2, main pre",
      ).all()
    ) {
      const box = await cell.boundingBox();
      const inside = box === null || (box.x >= 0 && box.x + box.width <= 400);
      assert.ok(inside, `${path}: "${await cell.textContent()}" sticks out`);
    }
    const body = await page.locator("body").boundingBox();
    const main = await page.locator("main").boundingBox();
    assert.ok((main?.width ?? 0) <= 400 && (body?.width ?? 0) <= 400, path);
    assert.equal(await page.locator("html").getAttribute("lang"), "en");
    await page.keyboard.press("Tab");
    assert.equal(
      await page.locator(":focus").textContent(),
      "Skip to the content",
    );
    await page.close();
  }
});

Deno.test("pages: a generation leads to its build and back, with the seconds of both, within 1280 pixels", async () => {
  await using site = await serve();
  site.data.generations = async (cluster) => {
    const all = await new FakeHubData().generations(cluster);
    return all.map((one) =>
      one.generation === 1
        ? { ...one, state: "failed", reason: `shop/web-0: ${"no ".repeat(40)}` }
        : one
    );
  };
  const { page } = await site.open("/clusters/shop");
  const table = page.getByRole("table", { name: "Generations" });
  const row = table.locator("tbody tr").nth(1);
  assert.match(await row.textContent() ?? "", /1\.2 s.*6\.1 s.*0\.8 s.*4\.6 s/);
  const [inner, card] = [
    await table.boundingBox(),
    await page.locator("main").boundingBox(),
  ];
  assert.ok((inner?.width ?? 0) <= (card?.width ?? 0), "the table sticks out");
  await row.getByRole("link", { name: "a".repeat(10) }).click();
  await page.waitForURL("**/repositories/shop/builds/1");
  await page.getByText(/Generation 1 failed: shop\/web-0/).waitFor();
  await page.getByRole("link", { name: "shop 1" }).click();
  await page.waitForURL("**/clusters/shop#generation-1");
});

Deno.test("pages: empty states and errors say what to do, and a part that is away takes nothing else with it", async () => {
  await using site = await serve();
  const empty = await site.open("/repositories/blog");
  await empty.page.getByText("git push procurator main").waitFor();
  const missing = await site.open("/repositories/none");
  await missing.page.getByRole("heading", { name: "Not found" }).waitFor();
  await missing.page.getByText('There is no repository "none"').waitFor();
  const nowhere = await site.open("/nowhere");
  await nowhere.page.getByText("There is nothing at /nowhere").waitFor();
  const foreign = await site.open("/repositories/blog/builds/3");
  await foreign.page.getByText('Repository "blog" has no build 3').waitFor();
  site.data.masterAway = new AppError(
    "unavailable",
    "Cannot reach tcp://127.0.0.1:6440",
    { hint: "is it running?" },
  );
  const half = await site.open("/repositories/shop");
  await half.page.getByText("Cannot reach tcp://127.0.0.1:6440").waitFor();
  await half.page.getByRole("table", { name: "Builds" }).waitFor();
  const away = await site.open("/clusters/shop");
  await away.page.getByRole("heading", { name: "Not available" }).waitFor();
  await away.page.getByText("Try: is it running?").waitFor();
});

Deno.test("pages: without scripts everything but the live log is there", async () => {
  await using site = await serve();
  const page = await (await fetch(`${site.url}/repositories/shop/builds/2`))
    .text();
  assert.match(page, /Unrecognized key: &quot;colour&quot;/);
  assert.match(page, /href="\/repositories\/shop\/builds\/2\/log"/);
  const answer = await fetch(`${site.url}/repositories/shop/builds/2/log`);
  assert.match(answer.headers.get("content-type") ?? "", /^text\/plain/);
  assert.match(await answer.text(), /<script>alert/);
  const again = await fetch(`${site.url}/`);
  const policy = again.headers.get("content-security-policy") ?? "";
  await again.body?.cancel();
  assert.match(policy, /default-src 'none'/);
  await until("another nonce", async () => {
    const next = await fetch(`${site.url}/`);
    await next.body?.cancel();
    return next.headers.get("content-security-policy") !== policy;
  }, { timeoutMs: 1000 });
});
