import assert from "node:assert/strict";
import { claimsOf } from "../../claims.ts";
import { draftOf } from "../../draft.ts";
import { FileTree } from "../../file_tree.ts";
import { Reading } from "../../reading.ts";
import { C } from "../c/sources.ts";
import { GO } from "../go/sources.ts";
import { RUST } from "../rust/sources.ts";
import { SWIFT } from "../swift/sources.ts";
import { ZIG } from "../zig/sources.ts";
import { claimMentions, isAsked, type Language } from "./mentions.ts";

function told(language: Language, text: string) {
  const texts = new Map([["a", text]]);
  const reading = new Reading(new FileTree({ files: ["a"], texts }));
  const draft = draftOf({
    path: ".",
    ecosystem: "go",
    role: "application",
    weight: 3,
  });
  claimMentions(reading, draft, ["a"], language);
  return {
    env: claimsOf(draft.claims, "env").map(({ value }) =>
      `${value.name}${value.required ? "!" : ""}${
        value.default === undefined ? "" : `=${value.default}`
      }`
    ),
    ports: claimsOf(draft.claims, "port").map(({ value, evidence }) =>
      `${value}@${evidence[0]?.line}`
    ),
  };
}

Deno.test("Go: a variable is required unless a default or a test stands beside it", () => {
  const { env } = told(
    GO,
    `
a := os.Getenv("AA")
b := os.Getenv("BB")
if b == "" {
	b = "x"
}
c := os.Getenv("CE")
if c == "" {
	log.Fatal("no CE")
}
if os.Getenv("DD") == "true" {}
e, ok := os.LookupEnv("EE")
f := cmp.Or(os.Getenv("FF"), "y")
g := getEnvInt("GG", 30)
h := mustGetenv("HH")
os.Setenv("II", "x")
j := getEnv("JJ", 30*time.Second)
// os.Getenv("KK")
if l := os.Getenv("LL"); l != "" {}
m := viper.GetString("MM")
`,
  );
  assert.deepEqual(env, [
    "AA!",
    "BB=x",
    "CE!",
    "DD",
    "EE",
    "FF=y",
    "GG=30",
    "HH!",
    "JJ",
    "LL",
    "MM",
  ]);
});

Deno.test("Go: ports are those that are listened on", () => {
  const { ports } = told(
    GO,
    `http.ListenAndServe(":8001", nil)
srv := &http.Server{Addr: ":8002"}
rdb := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
lis, err := net.Listen("tcp", "0.0.0.0:8003")
port := flag.Int("port", 8004, "where")
const defaultPort = "8005"
dbPort := 5432
http.Get("http://localhost:9999")
`,
  );
  assert.deepEqual(ports, ["8001@1", "8002@2", "8003@4", "8004@5", "8005@6"]);
});

Deno.test("Rust: what becomes of the result says whether it is required", () => {
  const { env, ports } = told(
    RUST,
    `let a = env::var("AA").expect("AA");
let b = std::env::var("BB").unwrap_or_else(|_| "x".into());
let c = env::var("CE").ok();
let d = env::var("DD")?;
let e: u16 = env::var("EE").ok().and_then(|v| v.parse().ok()).unwrap_or(8080);
if let Ok(f) = env::var("FF") {}
let g = match env::var("GG") { Ok(v) => v, Err(_) => panic!("no GG") };
let h = option_env!("HH");
#[arg(long, env = "II", default_value = "3")]
let addr = SocketAddr::from(([127, 0, 0, 1], 3001));
let client = connect("127.0.0.1:6379");
#[cfg(test)]
mod tests { fn x() { env::var("ZZ").unwrap(); } }
`,
  );
  assert.deepEqual(env, [
    "AA!",
    "BB=x",
    "CE",
    "DD!",
    "EE=8080",
    "FF",
    "GG!",
    "HH",
    "II=3",
  ]);
  assert.deepEqual(ports, ["3001@10"]);
});

Deno.test("C: a variable that is looked at before it is used is not required", () => {
  const { env, ports } = told(
    C,
    `const char *a = getenv("AA");
if (!a) { exit(1); }
char *b = getenv("BB");
int n = b ? atoi(b) : 10;
std::string c = std::getenv("CE");
set_colors(getenv("DD"));
const char *e = getenv("EE") ? getenv("EE") : "x";
if (getenv("FF")) verbose = 1;
#define SERVER_PORT 9001
address.sin_port = htons(9002);
`,
  );
  assert.deepEqual(env, ["AA!", "BB=10", "CE!", "DD", "EE=x", "FF"]);
  assert.deepEqual(ports, ["9001@9", "9002@10"]);
});

Deno.test("Swift and Zig: nil and null have a default, or none", () => {
  assert.deepEqual(
    told(
      SWIFT,
      `let a = Environment.get("AA") ?? "x"
let b = Environment.get("BB")!
let c = ProcessInfo.processInfo.environment["CE"]
let d = Environment.get("DD").flatMap(Int.init)
    ?? 10
`,
    ).env,
    ["AA=x", "BB!", "CE", "DD=10"],
  );
  assert.deepEqual(
    told(
      ZIG,
      `const a = std.posix.getenv("AA") orelse "x";
const b = std.posix.getenv("BB").?;
const c = std.process.getEnvVarOwned(gpa, "CE") catch null;
const d = try std.process.getEnvVarOwned(gpa, "DD");
`,
    ).env,
    ["AA=x", "BB!", "CE", "DD!"],
  );
});

Deno.test("variables of machines, shells and platforms are asked of nobody", () => {
  const names = ["HOME", "XDG_CONFIG_HOME", "CI", "CARGO_PKG_NAME", "lower"];
  assert.deepEqual(names.filter(isAsked), []);
  assert.ok(isAsked("DATABASE_URL"));
  assert.equal(isAsked("CHISEL_"), false);
});

Deno.test("a line of a megabyte costs its length", () => {
  const text = `${"x".repeat(200_000)} os.Getenv("AA") ${
    'os.Getenv("'.repeat(20_000)
  }`;
  assert.deepEqual(told(GO, text).env, ["AA!"]);
});

Deno.test("a file is gone through once for what its lines ask of it", () => {
  let looks = 0;
  const pattern = new class extends RegExp {
    override test(text: string): boolean {
      looks += 1;
      return super.test(text);
    }
  }("serve");
  const { ports } = told({
    ...GO,
    portsOf: (_line, says) =>
      says(pattern) ? [{ port: 8080, kind: "default" }] : [],
  }, "port\n".repeat(50) + "serve");
  assert.equal(ports.length, 50);
  assert.equal(looks, 1);
});
