import assert from "node:assert/strict";
import { type EnvMention, scanEnv, useOf } from "./env_scan.ts";

/** `NAME!` is required, `NAME=x` has a default, `NAME` is neither. */
function told(text: string): string[] {
  const write = ({ name, required, default: value }: EnvMention) =>
    value !== undefined ? `${name}=${value}` : required ? `${name}!` : name;
  return scanEnv(text).map(write).sort();
}

Deno.test("scanEnv() reads every way to name a variable", () => {
  const cases: [string, string[]][] = [
    ["connect(process.env.URL)", ["URL!"]],
    ['connect(process.env["URL"])', ["URL!"]],
    ["connect(process.env?.URL)", ["URL!"]],
    ["connect(process.env.URL!)", ["URL!"]],
    ["fetch(import.meta.env.VITE_API)", ["VITE_API!"]],
    ['Deno.env.get("TOKEN")', ["TOKEN!"]],
    ['Deno.env.get("TOKEN") ?? "none"', ["TOKEN=none"]],
    ["Bun.env.SECRET", ["SECRET!"]],
    ["const { A, B = 'x', C: c, D = load() } = process.env;", [
      "A!",
      "B=x",
      "C!",
      "D",
    ]],
    ['import { A, B as b } from "$env/static/private";', ["A!", "B!"]],
    ['import { env } from "$env/dynamic/private";\nuse(env.A, env.B ?? 1);', [
      "A!",
      "B=1",
    ]],
    ["use(env.A);", []],
    ['this.configService.get<string>("DB_HOST", "localhost")', [
      "DB_HOST=localhost",
    ]],
  ];
  for (const [text, expected] of cases) {
    assert.deepEqual(told(text), expected, text);
  }
});

Deno.test("scanEnv() finds the default beside a variable", () => {
  const cases: [string, string[]][] = [
    ['process.env.A || "x"', ["A=x"]],
    ["process.env.A ?? 'x'", ["A=x"]],
    ["Number(process.env.A) || 3_000", ["A=3000"]],
    ['parseInt(process.env.A ?? "3000", 10)', ["A=3000"]],
    ["parseInt(process.env.A, 10) || 3000", ["A=3000"]],
    ['(process.env.A as string) || "x"', ["A=x"]],
    ["process.env.A || config.a || 1", ["A=1"]],
    ["process.env.A ? Number(process.env.A) : 3000", ["A=3000"]],
    ["const a = process.env.A || 5000\n\napp.use()", ["A=5000"]],
    ["process.env.A || `http://${host}`", ["A"]],
    ['process.env.A || "http://" + host', ["A"]],
  ];
  for (const [text, expected] of cases) {
    assert.deepEqual(told(text), expected, text);
  }
});

Deno.test("scanEnv() requires what a file can not do without", () => {
  const cases: [string, string[]][] = [
    ["if (process.env.A) use(process.env.A);", ["A"]],
    ['const isOn = process.env.A === "1";', ["A"]],
    ["if (process.env.A === undefined) throw new Error();", ["A!"]],
    ['if (!process.env.A) throw new Error("no A");', ["A!"]],
    ["if (!process.env.A) {\n  process.exit(1);\n}", ["A!"]],
    ["if (!process.env.A) return;", ["A"]],
    ["const on = !!process.env.A;", ["A"]],
    ['process.env.A = "x";', []],
    ["delete process.env.A;", []],
    ["// uses process.env.A", []],
    [" * process.env.A", []],
  ];
  for (const [text, expected] of cases) {
    assert.deepEqual(told(text), expected, text);
  }
});

Deno.test("scanEnv() leaves out what nobody has to set", () => {
  assert.deepEqual(
    told(
      "process.env.NODE_ENV; process.env.PATH; process.env.npm_package_name; process.env.lower; import.meta.env.MODE; process.env.__proto__",
    ),
    [],
  );
});

Deno.test("scanEnv() reads schemas, which decide whatever else the file says", () => {
  const text = `export const env = createEnv({
  server: {
    URL: z.string().url(),
    NOTE: z.string().optional(),
    DAYS: z.coerce
      .number()
      .default(30),
  },
  runtimeEnv: {
    URL: process.env.URL,
    NOTE: process.env.NOTE,
    DAYS: process.env.DAYS,
  },
});`;
  assert.deepEqual(told(text), ["DAYS=30", "NOTE", "URL!"]);
  const envalid = `cleanEnv(process.env, {
  PORT: port({ default: 3000 }),
  KEY: str(),
});`;
  assert.deepEqual(told(envalid), ["KEY!", "PORT=3000"]);
  assert.deepEqual(told("const colors = {\n  RED: z.string(),\n};"), []);
});

Deno.test("scanEnv() follows a function of the file that reads by name", () => {
  const text = `function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(name);
  return value;
}
const number = (key, other) => Number(process.env[key] ?? other);
export const env = {
  url: required("API_URL"),
  size: number("POOL_SIZE", 10),
  other: unrelated("NOT_ONE"),
};`;
  assert.deepEqual(told(text), ["API_URL!", "POOL_SIZE=10"]);
  const strapi = `module.exports = ({ env }) => ({
  port: env.int('PORT', 1337),
  keys: env.array('APP_KEYS'),
});`;
  assert.deepEqual(told(strapi), ["APP_KEYS!", "PORT=1337"]);
});

Deno.test("scanEnv() knows functions of other files by their names", () => {
  const cases: [string, string[]][] = [
    ['const a = requireEnv("A_KEY");', ["A_KEY!"]],
    ["port: normalizePort(process.env.PORT || getOsEnv('APP_PORT'))", [
      "APP_PORT!",
      "PORT",
    ]],
    ["getOsEnvOptional('TYPEORM_LOGGING')", ["TYPEORM_LOGGING"]],
    ['getEnv("LEVEL", "info")', ["LEVEL=info"]],
    ["const { A_PORT } = process.env;\nlisten(A_PORT || 4000);", [
      "A_PORT=4000",
    ]],
    ['env("lower"); setEnv("A_KEY"); x.env("A_KEY"); describeEnv("A_KEY")', []],
  ];
  for (const [text, expected] of cases) {
    assert.deepEqual(told(text).sort(), expected, text);
  }
});

Deno.test("scanEnv() tells the line of the first place", () => {
  assert.deepEqual(scanEnv("\n\nuse(process.env.A);\nuse(process.env.A);"), [
    { name: "A", line: 3, required: true },
  ]);
});

Deno.test("useOf() takes an assignment for no use", () => {
  assert.equal(useOf("", ' = "x"'), null);
  assert.equal(useOf("", " == x"), "optional");
});
