/**
 * A monorepo as companies have them, of as many files as are asked for: web
 * applications and libraries in TypeScript, services in Python and Go, with
 * manifests, Dockerfiles, workflows and compose files, and a build output that
 * git ignores.
 *
 * @module
 */

/** Bytes of a source: the middle of real ones. */
const SOURCE_LINES = 60;
/** Sources of a package. */
const SOURCES = 140;
const FOLDERS = ["api", "core", "model", "view", "hooks", "testing", "format"];

const IGNORE = `node_modules/
dist/
build/
coverage/
.next/
.cache/
__pycache__/
*.pyc
*.log
*.tmp
*.swp
.env
.env.local
.env.*.local
!.env.example
/.idea/
/tools/**/generated
packages/*/lib/
.DS_Store
Thumbs.db
`;

type Files = Map<string, string>;

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function sourceOf(extension: string, at: number): string {
  const line = new Map([
    [
      "ts",
      `export const value${at} = process.env.VALUE_${at % 50} ?? "${at}";`,
    ],
    ["tsx", `export const View${at} = () => <p>{"${at}"}</p>;`],
    ["py", `value_${at} = os.environ.get("VALUE_${at % 50}", "${at}")`],
    ["go", `var value${at} = os.Getenv("VALUE_${at % 50}")`],
  ]).get(extension) ?? `text ${at}`;
  return `${line}\n` + "// what this part is for\n".repeat(SOURCE_LINES);
}

function addSources(files: Files, directory: string, extension: string): void {
  for (let at = 0; at < SOURCES; at++) {
    const folder = FOLDERS[at % FOLDERS.length] ?? "";
    const path = `${directory}/src/${folder}/part_${at}.${extension}`;
    files.set(path, sourceOf(extension, at));
  }
}

function addWeb(files: Files, at: number): void {
  const isApplication = at % 4 === 0;
  const directory = isApplication ? `apps/web-${at}` : `packages/part-${at}`;
  files.set(
    `${directory}/package.json`,
    json({
      name: `@acme/${directory.slice(directory.indexOf("/") + 1)}`,
      version: "1.0.0",
      scripts: isApplication
        ? { build: "next build", start: "next start", test: "vitest run" }
        : { build: "tsc -p .", test: "vitest run" },
      dependencies: {
        ...isApplication
          ? { next: "14.2.3", react: "18.3.1", pg: "8.11.5" }
          : {},
        [`@acme/part-${at % 4 === 1 ? at + 1 : 1}`]: "workspace:*",
      },
      devDependencies: { typescript: "5.4.5", vitest: "1.6.0" },
    }),
  );
  files.set(
    `${directory}/tsconfig.json`,
    json({ extends: "../../tsconfig.json" }),
  );
  files.set(`${directory}/README.md`, `# ${directory}\n`);
  addSources(files, directory, at % 2 === 0 ? "tsx" : "ts");
}

function addPython(files: Files, at: number): void {
  const directory = `services/python-${at}`;
  files.set(
    `${directory}/pyproject.toml`,
    `[project]\nname = "python-${at}"\nrequires-python = ">=3.11"\ndependencies = ["fastapi", "psycopg[binary]", "redis"]\n`,
  );
  files.set(
    `${directory}/main.py`,
    "from fastapi import FastAPI\napp = FastAPI()\n",
  );
  files.set(
    `${directory}/.env.example`,
    "DATABASE_URL=postgres://localhost/app\n",
  );
  addSources(files, directory, "py");
}

function addGo(files: Files, at: number): void {
  const directory = `services/go-${at}`;
  files.set(`${directory}/go.mod`, `module example.org/go-${at}\n\ngo 1.22\n`);
  files.set(`${directory}/main.go`, "package main\n\nfunc main() {}\n");
  files.set(
    `${directory}/Dockerfile`,
    'FROM golang:1.22\nCOPY . .\nRUN go build -o /app .\nEXPOSE 8080\nCMD ["/app"]\n',
  );
  addSources(files, directory, "go");
}

function addRoot(files: Files): void {
  files.set(".gitignore", IGNORE);
  files.set(
    "package.json",
    json({
      private: true,
      packageManager: "pnpm@9.1.0",
      workspaces: ["apps/*", "packages/*"],
    }),
  );
  files.set("pnpm-workspace.yaml", "packages:\n  - apps/*\n  - packages/*\n");
  files.set("pnpm-lock.yaml", "lockfileVersion: '9.0'\n");
  files.set("tsconfig.json", json({ compilerOptions: { strict: true } }));
  files.set(".nvmrc", "20.11.1\n");
  files.set(
    ".github/workflows/ci.yml",
    "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: pnpm test\n",
  );
  files.set(
    "compose.yaml",
    "services:\n  db:\n    image: postgres:16\n    ports: ['5432:5432']\n  cache:\n    image: redis:7\n",
  );
}

/** Its files by path; of those that git does not ignore there are `count`. */
export function monorepo(count: number): Files {
  const files: Files = new Map();
  addRoot(files);
  for (let at = 0; files.size < count; at++) {
    if (at % 10 === 3) addPython(files, at);
    else if (at % 10 === 7) addGo(files, at);
    else addWeb(files, at);
  }
  const kept = new Map([...files].slice(0, count));
  for (let at = 0; at < 2_000; at++) {
    kept.set(`apps/web-0/.next/cache/${at % 20}/${at}.js`, "0\n");
  }
  return kept;
}

/** A repository as most are. */
export function smallRepository(): Files {
  return new Map([
    [
      "package.json",
      json({
        name: "shop",
        scripts: { start: "node index.js" },
        dependencies: { express: "4.19.2", pg: "8.11.5" },
      }),
    ],
    [
      "package-lock.json",
      json({ name: "shop", lockfileVersion: 3, packages: {} }),
    ],
    ["index.js", 'require("express")().listen(process.env.PORT || 3000);\n'],
    ["Dockerfile", 'FROM node:20\nEXPOSE 3000\nCMD ["npm", "start"]\n'],
    [
      ".github/workflows/ci.yml",
      "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: npm test\n",
    ],
    [".gitignore", "node_modules/\n"],
    ["README.md", "# shop\n"],
    ...Array.from(
      { length: 40 },
      (_, at) => [`lib/part_${at}.js`, `exports.value = ${at};\n`] as const,
    ),
  ]);
}
