/**
 * A worker on a bridge of its own host, as a program: `bridged_worker.ts
 * CONFIG`, where CONFIG is JSON `{ dir, image, config }`. SIGTERM ends it as it
 * ends the real program.
 *
 * @module
 */
import { run } from "../../roles/worker/mod.ts";
import type { TestImage } from "./vmm_image.ts";
import { imageClosures, workerConfig } from "./worker.ts";

/** What it is told. */
export interface BridgedWorkerOrder {
  dir: string;
  image: TestImage;
  config: Record<string, unknown>;
}

if (import.meta.main) {
  const { dir, image, config }: BridgedWorkerOrder = JSON.parse(
    Deno.args[0] ?? "",
  );
  const worker = await run(workerConfig(dir, config), {
    closures: imageClosures(image),
  });
  Deno.addSignalListener("SIGTERM", () => void worker.stop());
  await worker.finished;
  // As main.ts does: a listener would keep it alive.
  Deno.exit(0);
}
