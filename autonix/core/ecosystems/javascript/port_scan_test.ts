import assert from "node:assert/strict";
import { scanEnv } from "./env_scan.ts";
import { scanPorts } from "./port_scan.ts";

function told(text: string): string[] {
  const all = scanPorts(text, scanEnv(text)).map(({ port, kind }) =>
    `${port} ${kind}`
  );
  return [...new Set(all)].sort();
}

Deno.test("scanPorts() tells what a file listens on", () => {
  const cases: [string, string[]][] = [
    ["app.listen(3000);", ["3000 fixed"]],
    ["const port = 4000;\napp.listen(Number(port));", ["4000 fixed"]],
    ["const port = 4000;\napp.listen(port as number, cb);", ["4000 fixed"]],
    ["app.listen({ host, port: 3000 });", ["3000 fixed"]],
    ["const port = 4000;\napp.listen(port, () => {});", ["4000 fixed"]],
    ["const PORT: number = 4000;\napp.listen({ port: PORT });", ["4000 fixed"]],
    ["const port = 4000;\napp.listen({ port, host });", ["4000 fixed"]],
    ["app.listen(process.env.PORT || 3000);", ["3000 default"]],
    ["app.listen(+process.env.PORT || 3000);", ["3000 default"]],
    ["const { PORT = 3000 } = process.env;", ["3000 default"]],
    ["const port = env.PORT;\napp.listen(port || 5000);", ["5000 default"]],
    ["Deno.serve({ port: 9000 }, handle);", ["9000 fixed"]],
    ["Deno.serve(handle);", ["8000 usual"]],
    ["Bun.serve({\n  fetch: () => x,\n  port: 5005,\n});", ["5005 fixed"]],
    ["Bun.serve({ fetch });", ["3000 usual"]],
    ["serve(handle, { port: 8000 });", ["8000 fixed"]],
    ["serve({ fetch: app.fetch, port: 3000 });", ["3000 fixed"]],
    ["export default {\n  port: 8787,\n  fetch: app.fetch,\n};", [
      "8787 fixed",
    ]],
    ["startStandaloneServer(server);", ["4000 usual"]],
    ["app.listen({ host, port: Number(process.env.MAIL_PORT) || 7100 });", [
      "7100 default",
    ]],
    ["app.listen(process.env.MAIL_PORT || 7100, () => {});", ["7100 default"]],
    [
      "const p = 1;\nconst port = parseInt(process.env.MAIL_PORT ?? '7100', 10);\napp.listen(port);",
      [
        "7100 default",
      ],
    ],
    ["const port = Number(env.MAIL_PORT || 7100);\nserve({ fetch, port });", [
      "7100 default",
    ]],
    ["Bun.serve({ port: Bun.env.MAIL_PORT ?? 7100, fetch });", [
      "7100 default",
    ]],
  ];
  for (const [text, expected] of cases) {
    assert.deepEqual(told(text), expected, text);
  }
});

Deno.test("scanPorts() tells no port of somebody else", () => {
  for (
    const text of [
      "const port = smtp.port || 25;",
      'fetch("http://localhost:3000");',
      "new Redis({ port: 6379 });",
      "process.env.REDIS_PORT || 6379;",
      "// app.listen(3000)",
      "server.listen(0);",
      "server.listen(socket);",
      "app.listen(99999);",
      "server.listen(p);\nhttp.request({ port: Number(target.port) || 80 });",
      "const dbPort = process.env.DB_PORT || 5432;\napp.listen(port);",
      "export default { port: 1234 };",
    ]
  ) assert.deepEqual(told(text), [], text);
});
