import assert from "node:assert/strict";
import {
  applicationOf,
  attachClaims,
  Links,
  mergeDrafts,
  withoutRoots,
} from "./applications.ts";
import {
  claim,
  type Draft,
  draftOf,
  type Ecosystem,
  type Role,
} from "./draft.ts";

function draft(
  path: string,
  ecosystem: Ecosystem,
  weight: 1 | 2 | 3,
  role: Role = "application",
): Draft {
  const made = draftOf({ path, ecosystem, role, weight });
  const language = ecosystem === "javascript" ? "javascript" : "python";
  claim(made, "language", language, "manifest", { file: `${path}/m`, line: 1 });
  return made;
}

function pathsOf(drafts: readonly Draft[]): string[] {
  return drafts.map(({ path }) => path);
}

Deno.test("applications: of two ecosystems in one directory the weightier is the language, the other adds frameworks", () => {
  const python = draft(".", "python", 3);
  const assets = draft(".", "javascript", 1);
  claim(assets, "framework", "vite", "manifest", {
    file: "package.json",
    line: 3,
  });
  claim(assets, "start", "npm run dev", "manifest", {
    file: "package.json",
    line: 4,
  });
  const [merged] = mergeDrafts([assets, python]);
  assert.ok(merged !== undefined);
  const told = applicationOf(merged, {
    links: new Links([merged]),
    repository: "shop",
  });
  assert.equal(told?.language.value, "python");
  assert.deepEqual(told?.frameworks.map(({ value }) => value), ["vite"]);
  assert.equal(told?.commands.start, null);
});

Deno.test("applications: loose pages are one where nothing else is at, above or below them", () => {
  const drafts = [
    draft("api", "python", 2),
    draft("landing", "static", 1),
    draft("api/static", "static", 1),
    draft(".", "static", 1),
  ];
  assert.deepEqual(pathsOf(mergeDrafts(drafts)), ["api", "landing"]);
});

Deno.test("applications: a root that only holds a workspace together is none, unless something starts it", () => {
  const root = draft(".", "javascript", 2, "root");
  const web = draft("apps/web", "javascript", 2);
  assert.deepEqual(pathsOf(withoutRoots([root, web])), ["apps/web"]);
  claim(root, "start", "node proxy.js", "procfile", {
    file: "Procfile",
    line: 1,
  });
  assert.deepEqual(pathsOf(withoutRoots([root, web])), [".", "apps/web"]);
});

Deno.test("applications: what is said of a directory belongs to the nearest one above, and to no neighbour", () => {
  const drafts = attachClaims([
    draft("api", "python", 2),
    draft("web", "javascript", 2),
  ], [
    {
      path: "api/docker",
      claim: {
        field: "port",
        value: 8000,
        source: "container",
        evidence: [{ file: "api/docker/Dockerfile", line: 9 }],
      },
    },
    {
      path: "tools",
      claim: {
        field: "port",
        value: 9,
        source: "container",
        evidence: [{ file: "tools/Dockerfile", line: 1 }],
      },
    },
  ]);
  const ports = drafts.map((one) =>
    applicationOf(one, { links: new Links(drafts), repository: "x" })?.ports
      .map(({ value }) => value)
  );
  assert.deepEqual(ports, [[8000], []]);
});

Deno.test("applications: a framework's port counts only where nobody says another", () => {
  const one = draft(".", "javascript", 3);
  claim(one, "port", 3000, "framework", { file: "package.json", line: 1 });
  const ports = () =>
    applicationOf(one, { links: new Links([one]), repository: "x" })?.ports.map(
      (
        { value },
      ) => value,
    );
  assert.deepEqual(ports(), [3000]);
  claim(one, "port", 8080, "source", { file: "server.js", line: 7 });
  assert.deepEqual(ports(), [8080]);
});

Deno.test("applications: a port that the start command names counts beside what others say", () => {
  const one = draft(".", "python", 3);
  const at = { file: "app.py", line: 1 };
  claim(one, "start", "gunicorn --bind 0.0.0.0:8000 app:app", "framework", at);
  claim(one, "port", 8000, "framework", at);
  claim(one, "port", 5000, "container", { file: "Dockerfile", line: 2 });
  assert.deepEqual(
    applicationOf(one, { links: new Links([one]), repository: "x" })?.ports.map(
      (
        { value },
      ) => value,
    ),
    [5000, 8000],
  );
});

Deno.test("applications: a variable is required unless somebody knows a default", () => {
  const one = draft(".", "python", 3);
  const at = { file: "settings.py", line: 3 };
  claim(one, "env", { name: "SECRET_KEY", required: true }, "source", at);
  claim(one, "env", { name: "PORT", required: true }, "source", at);
  claim(
    one,
    "env",
    { name: "PORT", required: false, default: "8000" },
    "env-file",
    {
      file: ".env.example",
      line: 1,
    },
  );
  const env = applicationOf(one, { links: new Links([one]), repository: "x" })
    ?.env;
  assert.deepEqual(
    env?.map((
      { name, required, default: standard },
    ) => [name, required, standard]),
    [["PORT", false, "8000"], ["SECRET_KEY", true, undefined]],
  );
});

Deno.test("applications: a variable that sources do without is not required by an empty line of an example", () => {
  const one = draft(".", "php", 3);
  const empty = { name: "REDIS_PASSWORD", required: true };
  const read = { name: "REDIS_PASSWORD", required: false };
  claim(one, "env", empty, "env-file", { file: ".env.example", line: 4 });
  const required = () =>
    applicationOf(one, { links: new Links([one]), repository: "x" })?.env[0]
      ?.required;
  assert.equal(required(), true);
  claim(one, "env", read, "source", { file: "config/database.php", line: 9 });
  assert.equal(required(), false);
});

Deno.test("applications: packages depend on each other by name within an ecosystem, and by path", () => {
  const ui = draft("packages/ui", "javascript", 2, "library");
  ui.provides.push("@shop/ui");
  const web = draft("apps/web", "javascript", 2);
  web.dependencies.push({
    name: "@shop/ui",
    version: "workspace:*",
    isDev: false,
    evidence: { file: "apps/web/package.json", line: 5 },
  });
  const tool = draft("tool", "python", 2);
  tool.dependencies.push({
    name: "@shop/ui",
    version: null,
    isDev: false,
    evidence: { file: "tool/pyproject.toml", line: 5 },
  });
  tool.links.push("apps/web");
  const drafts = [web, ui, tool];
  const linksOf = (one: Draft) =>
    applicationOf(one, { links: new Links(drafts), repository: "x" })
      ?.dependsOn;
  assert.deepEqual(linksOf(web), ["packages/ui"]);
  assert.deepEqual(linksOf(tool), ["apps/web"]);
});
