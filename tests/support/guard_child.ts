/**
 * A guard as a program, for tests that kill it: `guard_child.ts CONFIG`, the
 * configuration as JSON. The same as `procurator guard` without the CLI.
 *
 * @module
 */
import { GuardConfig, run } from "../../roles/guard/mod.ts";

if (import.meta.main) {
  const guard = await run(GuardConfig.parse(JSON.parse(Deno.args[0] ?? "")));
  Deno.addSignalListener("SIGTERM", () => void guard.stop());
  await guard.finished;
  Deno.exit(0);
}
