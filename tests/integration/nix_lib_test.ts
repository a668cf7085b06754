/** nix/lib through the real nix, as a user meets it: this repository's own flake, and a project with mistakes in it. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import {
  sampleProjectFiles,
  SHORT_DEADLINES,
} from "../../nix/examples/sample_project.ts";
import { parseBlueprint } from "../../roles/model/blueprint.ts";
import { AppError } from "../../roles/model/errors.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { writeFiles } from "../support/files.ts";
import { nixStore, testKernelFolder } from "../support/nix_store.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** A copy of the sample with `change` made to its flake.nix; gives its `path:` reference. */
async function changedSample(
  dir: string,
  change: (flake: string) => string,
): Promise<string> {
  const files = sampleProjectFiles({ content: "x" });
  const project = await Deno.makeTempDir({ dir });
  const flake = files["flake.nix"] ?? "";
  const changed = change(flake);
  ok(changed !== flake, "the change found nothing to change");
  await writeFiles(project, { ...files, "flake.nix": changed });
  await runChecked("cp", [
    "-R",
    await testKernelFolder(),
    join(project, "debian"),
  ]);
  return `path:${project}`;
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    ok(error instanceof AppError);
    return error.message;
  }
  throw new Error("it was accepted");
}

Deno.test("the checks of this repository's flake hold offline", async () => {
  await using store = await nixStore("flake");
  const copy = join(store.path, "copy");
  await Deno.mkdir(copy);
  await runChecked("cp", ["-R", `${ROOT}flake.nix`, `${ROOT}nix`, copy]);
  const checks = await store.nix.checkDerivations(`path:${copy}`);
  deepEqual(Object.keys(checks), ["lib"]);
  const [built] = await store.nix.realise(Object.values(checks));
  const said = await Deno.readTextFile(store.nix.physicalPath(built ?? ""));
  match(said, /^[1-9][0-9]* cases hold$/m);
});

Deno.test("the sample's blueprint is what the model expects of it", async () => {
  await using store = await nixStore("sample");
  const flake = await changedSample(
    store.path,
    (text) =>
      text.replace("cpu = 0.25", "cpu = 1000.001")
        .replace("vms.web =", 'placement = "pack"; vms.web ='),
  );
  const { cluster, placement, vmSpecs } = parseBlueprint(
    await store.nix.evalRaw(flake, "blueprintJSON"),
  );
  equal(cluster, "shop");
  equal(placement, "pack");
  equal(vmSpecs.length, 1);
  const [web] = vmSpecs;
  equal(web?.name, "web");
  equal(web?.cpuMilli, 1_000_001, "exact to the thousandth");
  equal(web?.memoryMib, 128);
  equal(web?.healthChecks[0]?.intervalMs, SHORT_DEADLINES.intervalMs);
  equal(web?.update.healthyDeadlineMs, SHORT_DEADLINES.healthyDeadlineMs);
  equal(web?.update.maxParallel, 1, "a default of the model");
});

Deno.test("mistakes in a cluster are named with what, where and the allowed values", async () => {
  await using store = await nixStore("wrong");
  const say = async (from: string, to: string) =>
    await messageOf(
      store.nix.evalRaw(
        await changedSample(store.path, (text) => text.replace(from, to)),
        "blueprintJSON",
      ),
    );

  match(
    await say('kind = "http"', 'kind = "htp"'),
    /^Cannot evaluate blueprintJSON: error: procurator mkCluster: vms\.web\.healthChecks\[0\]\.kind: must be one of "http", "tcp", .*, got "htp"/,
  );
  match(
    await say("memoryMib", "memoryMiB"),
    /2 errors:\n *vms\.web\.memoryMiB: is not an option; did you mean "memoryMib"\?\n *vms\.web\.memoryMib: is missing/,
  );
  match(
    await say("cpu = 0.25;", 'cpu = 0.25; dependsOn = [ "db" ];'),
    /vms\.web\.dependsOn: there is no VM "db" in this blueprint; there are web/,
  );
  match(
    await say("vms.web =", "vm.web ="),
    /vm: is not an option; did you mean "vms"\?/,
  );
  match(
    await say("vms.web =", 'placement = "tight"; vms.web ='),
    /placement: must be one of "spread", "pack", got "tight"/,
  );
});
