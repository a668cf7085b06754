import assert from "node:assert/strict";
import { blockOf, literalIn, portIn } from "./config_text.ts";

const TEXT = `export default defineConfig({
  server: {
    proxy: { "/api": { port: 9090 } },
    port: 8080,
  },
  build: { rollupOptions: { outDir: "inner" }, outDir: "site" },
});`;
const CONFIG = { path: "vite.config.ts", text: TEXT };

Deno.test("blockOf() gives what stands at its own level", () => {
  assert.equal(blockOf(TEXT, "server")?.text.includes("9090"), false);
  assert.equal(blockOf(TEXT, "preview"), null);
});

Deno.test("portIn() and literalIn() know the line", () => {
  assert.deepEqual(portIn(CONFIG, "server"), {
    value: 8080,
    evidence: { file: "vite.config.ts", line: 4 },
  });
  assert.equal(literalIn(CONFIG, "build", "outDir")?.value, "site");
  assert.equal(literalIn(CONFIG, "server", "outDir"), null);
});
