import assert from "node:assert/strict";
import { readSource } from "./source_facts.ts";

function variables(source: string): [string, boolean, string | null][] {
  return readSource("a.py", source).variables.map((one) => [
    one.name,
    one.required,
    one.default,
  ]);
}

Deno.test("source: a variable is required unless a default stands beside it", () => {
  assert.deepEqual(
    variables(`import os
a = os.environ["A"]
b = os.environ.get("B", "x")
c = os.getenv("C")
d = os.getenv("D") or "y"
e = int(os.getenv("E", default=5))
if os.getenv("F"):
    pass
g = os.getenv("G") == "1"
os.environ["H"] = "set"
i = os.getenv(
    "I",
    None,
)
j = os.environ.get('J', compute())
`),
    [
      ["A", true, null],
      ["B", false, "x"],
      ["C", true, null],
      ["D", false, "y"],
      ["E", false, "5"],
      ["F", false, null],
      ["G", false, null],
      ["I", false, null],
      ["J", false, null],
    ],
  );
});

Deno.test("source: comments, docstrings and the machine's own variables say nothing", () => {
  assert.deepEqual(
    variables(`"""
os.environ["A"]
"""
# os.environ["B"]
x = 1  # os.environ["C"]
y = os.environ["HOME"]
z = "#", os.environ["D"]
`),
    [["D", true, null]],
  );
});

Deno.test("source: config and env are readers only where one is imported", () => {
  assert.deepEqual(variables(`x = config("A")\nenv("B")\n`), []);
  assert.deepEqual(
    variables(`from decouple import config
a = config("A", default="1", cast=int)
b = config("B", cast=bool)
`),
    [["A", false, "1"], ["B", true, null]],
  );
});

Deno.test("source: fields of settings, behind their prefix", () => {
  assert.deepEqual(
    variables(`from pydantic import Field
from pydantic_settings import BaseSettings

class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="app_")
    url: str
    size: int = 5
    key: str = Field(alias="API_KEY")
    tags: dict[str, str] = {}

    def url_of(self, x: int = 3):
        y: int = 4

class Other(BaseModel):
    name: str

class Computed(BaseSettings):
    model_config = settings_of("x")
    name: str
`),
    [
      ["APP_URL", true, null],
      ["APP_SIZE", false, "5"],
      ["API_KEY", true, null],
      ["APP_TAGS", false, null],
    ],
  );
});

Deno.test("source: objects, factories and what listens", () => {
  const facts = readSource(
    "a.py",
    `import fastapi
from web import make_app
PORT = int(os.environ.get("PORT", "9000"))
api: fastapi.FastAPI = fastapi.FastAPI(
    title="x",
)
app = make_app()
def create_app(name):
    inner = Flask(name)
if __name__ == '__main__':
    uvicorn.run("a:api", host="0.0.0.0", port=PORT)
    subprocess.run(["ls"], port=1234)
`,
  );
  assert.deepEqual(
    facts.apps.map(({ name, framework, isFactory }) => [
      name,
      framework,
      isFactory,
    ]),
    [["api", "fastapi", false], ["app", null, false], [
      "create_app",
      null,
      true,
    ]],
  );
  assert.deepEqual(
    facts.served.map(({ callee, port, target }) => [callee, port, target]),
    [["uvicorn.run", 9000, "a:api"]],
  );
  assert.equal(facts.guard, 10);
});

Deno.test("source: where servers of every kind listen", () => {
  const facts = readSource(
    "a.py",
    `import socket
PORT = 7000
config = uvicorn.Config(app, host="0.0.0.0", port=9001)
sock.bind(("0.0.0.0", PORT))
sock.listen(128)
serve(app, listen="*:9002")
parser.add_argument("-p", "--port", type=int, default=9003)
await asyncio.start_server(handle, "0.0.0.0", 9004)
server.add_insecure_port("[::]:9005")
HTTPServer(("", 9006), Handler)
debugpy.listen(("0.0.0.0", 9007))
websockets.serve(handle, "localhost", 9008)
parser.add_argument("--size", default=9009)
`,
  );
  const ports = facts.served.flatMap(({ port }) => port ?? []);
  assert.deepEqual(ports, [9001, 7000, 9002, 9003, 9004, 9005, 9006, 9008]);
});

Deno.test("source: what was made to be slow is not", () => {
  const long = "os.environ.get(".repeat(20_000);
  const hash = `x = '${"#".repeat(1_900)}\n`.repeat(130);
  const open = `${"run(".repeat(400)}\n`.repeat(150);
  for (const text of [long, hash, open, "#".repeat(2_000_000)]) {
    assert.ok(readSource("a.py", text).variables.length < 2_000);
  }
});
