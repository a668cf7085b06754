import assert from "node:assert/strict";
import { clientConfigPath, defaultRunDir, defaultStateDir } from "./places.ts";

Deno.test("places follow XDG where it is set, the system's directories where not", () => {
  assert.equal(defaultStateDir({}), "/var/lib/procurator");
  assert.equal(defaultStateDir({ XDG_STATE_HOME: "/s" }), "/s/procurator");
  assert.equal(defaultRunDir({ XDG_RUNTIME_DIR: "" }), "/run/procurator");
  assert.equal(defaultRunDir({ XDG_RUNTIME_DIR: "/r" }), "/r/procurator");
  assert.equal(
    clientConfigPath({ HOME: "/h" }),
    "/h/.config/procurator/client.json",
  );
  assert.equal(
    clientConfigPath({ XDG_CONFIG_HOME: "/c", HOME: "/h" }),
    "/c/procurator/client.json",
  );
  assert.equal(clientConfigPath({}), "/root/.config/procurator/client.json");
});
