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
import { analysisOf } from "../support/fake_analysis.ts";
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

Deno.test("pages: what a commit is, in words and drawn, at both widths", async () => {
  await using site = await serve();
  for (const width of [400, 1280]) {
    const { page, problems } = await site.open("/repositories/shop", width);
    const glance = page.getByRole("table", { name: "Applications" });
    await glance.getByText("@shop/web").waitFor();
    await page.getByText("With postgres 16.2, redis 7.").waitFor();
    await page.getByRole("link", { name: "All of it, and a drawing" }).click();
    await page.getByRole("heading", { name: "What is in shop" }).waitFor();
    await page.getByText("in <b>bold</b>").waitFor();
    await page.getByText("SESSION_SECRET").waitFor();
    await page.getByRole("table", { name: "Services" })
      .getByText("DATABASE_URL").waitFor();
    await page.getByRole("table", { name: "Could not tell" })
      .getByText("tools/package.json").waitFor();
    const drawing = page.getByRole("img", { name: /Applications and serv/ });
    const drawn = await until(
      "the drawing is there",
      () =>
        drawing.evaluate((image) =>
          "naturalWidth" in image && Number(image.naturalWidth)
        ),
      { timeoutMs: PAGE_MS },
    );
    assert.equal(drawn > 500, width > 500, "more stand side by side");
    const box = await drawing.boundingBox();
    assert.ok(box !== null && box.x >= 0 && box.x + box.width <= width);
    assert.deepEqual(problems, [], "no policy violation, no script error");
    await page.close();
  }
});

Deno.test("pages: a commit that is being read is shown once it was", async () => {
  await using site = await serve();
  const { found } = site.data;
  site.data.found = null;
  const { page } = await site.open("/repositories/shop/analysis");
  await page.getByText("This commit is being read.").waitFor();
  assert.ok(found !== null);
  site.data.found = { ...found, isWhole: false };
  await page.getByText("procurator analyze shows all of it").waitFor();
  await page.getByRole("heading", { name: "@shop/web" }).waitFor();
});

Deno.test("pages: what is in nothing, in too much, and in what nobody knows", async () => {
  await using site = await serve();
  const empty = await site.open("/repositories/blog");
  await empty.page.getByText("shown here once one was pushed").waitFor();
  const missing = await site.open("/repositories/shop/analysis?branch=none");
  await missing.page.getByText('has no branch "none"').waitFor();
  const wrong = await site.open("/repositories/shop/analysis?commit=--all");
  await wrong.page.getByText("must be a commit's whole id").waitFor();
  site.data.found = analysisOf({ "README.md": "a text" }, "c".repeat(40));
  const nothing = await site.open("/repositories/shop/analysis");
  await nothing.page.getByText("No application was found").waitFor();
  const many = Array.from({ length: 130 }, (_, at) => [
    `a${at}/package.json`,
    `{"name":"a${at}","scripts":{"start":"node ."}}`,
  ]);
  site.data.found = analysisOf(Object.fromEntries(many), "c".repeat(40));
  const much = await site.open("/repositories/shop/analysis");
  await much.page.getByText("are too many for a drawing here").waitFor();
  await much.page.getByText("80 more applications").waitFor();
  const drawing = await fetch(
    `${site.url}/repositories/shop/analysis/graph.svg`,
  );
  await drawing.body?.cancel();
  assert.notEqual(drawing.status, 200);
});

Deno.test("pages: a drawing is an image that may do nothing", async () => {
  await using site = await serve();
  const answer = await fetch(
    `${site.url}/repositories/shop/analysis/graph.svg?columns=5`,
  );
  assert.match(answer.headers.get("content-type") ?? "", /^image\/svg\+xml/);
  const policy = answer.headers.get("content-security-policy") ?? "";
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /sandbox/);
  const svg = await answer.text();
  assert.doesNotMatch(svg, /<b>|<script/);
  assert.match(svg, /postgres/);
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
      "/repositories/shop/analysis",
      "/repositories/shop/builds/2",
      "/clusters/shop",
    ]
  ) {
    const { page } = await site.open(path, 400);
    await page.locator("h1").waitFor();
    for (
      const cell of await page.locator(
        "main td *:visible, main h1, main h2, main pre, main dd",
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
