import assert from "node:assert/strict";
import type {
  AnalysedApplication,
  Analysis,
} from "../../../roles/model/analysis.ts";
import { planCluster } from "./cluster_plan.ts";
import { lineDiff } from "./line_diff.ts";
import { Names } from "./names.ts";
import { startCommand } from "./start_command.ts";

function application(
  path: string,
  more: Partial<AnalysedApplication> = {},
): AnalysedApplication {
  return {
    path,
    name: path,
    language: { value: "javascript", confidence: 1, evidence: [] },
    runtimeVersion: null,
    packageManager: null,
    frameworks: [],
    commands: {
      install: null,
      build: null,
      start: { value: "node index.js", confidence: 1, evidence: [] },
      test: null,
    },
    ports: [],
    env: [],
    nativeLibraries: [],
    dependsOn: [],
    ...more,
  };
}

function analysis(
  applications: AnalysedApplication[],
  services: Analysis["services"] = [],
): Analysis {
  return { schema: 1, applications, services, unknown: [] };
}

const NOTHING = { has: () => false, text: () => null };

Deno.test("Names are labels, identifiers, and each there once", () => {
  const names = new Names();
  assert.deepEqual(
    [
      "@acme/Web_App",
      "web app",
      "default",
      "let",
      "2048",
      "日本",
      "-",
      "x".repeat(99),
    ]
      .map((name) => names.take(name)),
    [
      "web-app",
      "web-app-2",
      "default-2",
      "let-app",
      "app-2048",
      "app",
      "app-2",
      "x".repeat(50),
    ],
  );
});

Deno.test("planCluster() waits for nobody who waits for it, and lets both speak", () => {
  const { applications } = planCluster(
    analysis([
      application("a", { dependsOn: ["b"] }),
      application("b", { dependsOn: ["c"] }),
      application("c", { dependsOn: ["a", "d"] }),
      application("d"),
    ]),
    NOTHING,
  );
  assert.deepEqual(
    applications.map(({ awaits }) => awaits.map(({ name }) => name)),
    [["b"], ["c"], ["d"], []],
  );
  assert.deepEqual(
    applications.map(({ peers }) => peers.map(({ name }) => name)),
    [["b"], ["c"], ["a", "d"], []],
  );
});

Deno.test("planCluster() tells an application where in the cluster those are that it calls", () => {
  const evidence = { file: "compose.yaml", line: 7 };
  const call = (variable: string | null, value: string) => ({
    ...{ from: "web", to: "api", variable, value, evidence },
  });
  const ports = [{ value: 8000, confidence: 1, evidence: [] }];
  const { applications } = planCluster(
    analysis([application("api", { ports }), application("web")]),
    NOTHING,
    [
      call("API_URL", "http://localhost:8000/v1"),
      call("BACKEND", "backend:8080"),
      call("API_HOST", "backend"),
      call("VITE_API_URL", "http://localhost:8000"),
      call(null, ""),
    ],
  );
  const web = applications.find(({ name }) => name === "web");
  assert.deepEqual(
    web?.environment.map(({ name, value }) => `${name}=${value}`),
    ["API_HOST=api", "API_URL=http://api:8000/v1", "BACKEND=api:8000"],
  );
  assert.deepEqual([...new Set(web?.peers.map(({ name }) => name))], ["api"]);
  assert.deepEqual(web?.missing, []);
});

Deno.test("planCluster() gives a service's users its address, and nobody else", () => {
  const env = [{ name: "DATABASE_URL", required: true, evidence: [] }];
  const { applications, services, leftOut } = planCluster(
    analysis(
      [application("api", { env }), application("web", { env })],
      [
        {
          kind: "postgres",
          version: "16",
          port: 5432,
          usedBy: ["api"],
          env: ["DATABASE_URL"],
          evidence: [],
        },
        {
          kind: "oracle",
          version: null,
          port: null,
          usedBy: ["web"],
          env: [],
          evidence: [],
        },
      ],
    ),
    NOTHING,
  );
  assert.deepEqual(services.map(({ name }) => name), ["postgres"]);
  assert.deepEqual(leftOut.map(({ kind }) => kind), ["oracle"]);
  const [api, web] = applications;
  assert.deepEqual(api?.environment.map(({ value }) => value), [
    "postgres://app@postgres:5432/app",
  ]);
  assert.deepEqual(api?.peers.map(({ name }) => name), ["postgres"]);
  assert.deepEqual(web?.environment, []);
  assert.deepEqual(web?.missing.map(({ name }) => name), ["DATABASE_URL"]);
  assert.deepEqual(web?.peers, []);
});

Deno.test("startCommand() does without managers that would look for the network", () => {
  const started = (
    command: string,
    more: Partial<AnalysedApplication> = {},
  ) => {
    const base = application(".", more);
    const start = { value: command, confidence: 1, evidence: [] };
    return startCommand({ ...base, commands: { ...base.commands, start } })
      ?.command;
  };
  const python = {
    language: { value: "python" as const, confidence: 1, evidence: [] },
  };
  const cargo = {
    packageManager: { value: "cargo" as const, confidence: 1, evidence: [] },
  };
  assert.equal(started("npm start"), "npm start");
  assert.equal(started("./mvnw spring-boot:run"), "mvn spring-boot:run");
  assert.equal(started("cd a && ../gradlew run"), "cd a && gradle run");
  assert.equal(
    started("npx serve -s -l 8080 dist"),
    "static-web-server --host 0.0.0.0 --port 8080 --root dist --page-fallback dist/index.html",
  );
  assert.equal(
    started("vendor/bin/heroku-php-nginx -C nginx.conf public/"),
    "php -S 0.0.0.0:8000 -t public",
  );
  assert.equal(
    started("poetry run uvicorn main:app", python),
    "uvicorn main:app",
  );
  assert.equal(started("uv run main.py", python), "python main.py");
  assert.equal(started("pdm run start", python), "pdm run start");
  assert.equal(started("./target/release/shop serve", cargo), "shop serve");
  assert.equal(started("A=1 ../../target/release/shop", cargo), "A=1 shop");
});

Deno.test("lineDiff() shows what differs and a little around it", () => {
  assert.deepEqual(lineDiff("a", "a"), []);
  assert.deepEqual(
    lineDiff("1\n2\n3\n4\n5\n6\n7", "1\n2\n3\nfour\n5\n6\n7"),
    [" 2", " 3", "-4", "+four", " 5", " 6"],
  );
  assert.deepEqual(
    lineDiff("a\nb", "a\nb\nc"),
    [" a", " b", "+c"],
  );
  const long = Array.from({ length: 5000 }, (_, at) => `line ${at}`);
  const other = long.map((line) => `${line}!`);
  assert.equal(lineDiff(long.join("\n"), other.join("\n")).length, 10_000);
});
