/**
 * Rendered flakes of a Node, a Python and a C project without dependencies:
 * built without a network, booted, and healthy by the check of their blueprint.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { LIBRARY } from "../../autonix/render/library.ts";
import { LIB_FILES } from "../../nix/examples/sample_project.ts";
import type { Nix } from "../../roles/nix/mod.ts";
import { parseBlueprint } from "../../roles/model/blueprint.ts";
import type { VmSpec } from "../../roles/model/vm_spec.ts";
import { killGroup, runChecked } from "../../roles/process/mod.ts";
import { cli } from "../support/cli.ts";
import { debianTools } from "../support/debian_tools.ts";
import { writeFiles } from "../support/files.ts";
import { nixStore, testKernelFolder } from "../support/nix_store.ts";
import { until } from "../support/wait.ts";

/** Without KVM Node.js takes some ten seconds to start on a busy core. */
const HEALTHY_MS = 180_000;

const STAND_IN = new URL(
  "../support/nixpkgs_on_debian/flake.nix",
  import.meta.url,
);

const PROJECTS = {
  node: {
    "package.json": JSON.stringify({
      name: "greeter",
      private: true,
      main: "server.js",
      engines: { node: "20.11.1" },
      scripts: { test: "node --check server.js" },
    }),
    "server.js": `const { createServer } = require("node:http");
const port = process.env.PORT || 3000;
createServer((_, response) => response.end("hello from node\\n")).listen(port, "0.0.0.0");
`,
  },
  python: {
    "requirements.txt": "# the standard library is enough\n",
    ".python-version": "3.11\n",
    "main.py": `import os
from http.server import BaseHTTPRequestHandler, HTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello from python\\n")


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "8000"))
    HTTPServer(("0.0.0.0", port), Handler).serve_forever()
`,
  },
  c: {
    "Makefile": `CFLAGS ?= -O2 -Wall

server: server.c
\t$(CC) $(CFLAGS) -o server server.c $(LDFLAGS)

run: server
\t./server

clean:
\trm -f server
`,
    "server.c": `#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT 8080

int main(void) {
  const char *answer = "HTTP/1.0 200 OK\\r\\nContent-Length: 13\\r\\n\\r\\nhello from c\\n";
  int on = 1, server = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(PORT) };
  at.sin_addr.s_addr = INADDR_ANY;
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(server, (struct sockaddr *)&at, sizeof at) || listen(server, 16)) return 1;
  for (;;) {
    char asked[4096];
    int client = accept(server, 0, 0);
    if (read(client, asked, sizeof asked) > 0) write(client, answer, strlen(answer));
    close(client);
  }
}
`,
    "Procfile": "web: ./server\n",
  },
} as const;

async function standIn(dir: string): Promise<string> {
  const path = join(dir, "nixpkgs");
  await writeFiles(path, {
    "flake.nix": await Deno.readTextFile(STAND_IN),
    ...Object.fromEntries(
      Object.entries(LIB_FILES).map(([name, text]) => [
        `procurator/${name}`,
        text,
      ]),
    ),
  });
  await debianTools(join(path, "tools"));
  await runChecked("cp", [
    "-R",
    await testKernelFolder(),
    join(path, "debian"),
  ]);
  return path;
}

/** Writes the project, lets init render it, and gives its directory. */
async function rendered(
  dir: string,
  name: keyof typeof PROJECTS,
  nixpkgs: string,
): Promise<string> {
  const path = join(dir, name);
  await writeFiles(path, PROJECTS[name]);
  const result = await cli(["init", path]);
  assert.equal(result.status, 0, result.err);
  const flake = join(path, "flake.nix");
  const text = await Deno.readTextFile(flake);
  const url = /"github:[^"]*"/;
  assert.match(text, url);
  await Deno.writeTextFile(flake, text.replace(url, `"path:${nixpkgs}"`));
  return path;
}

/** The closure of a VM as the disk that a worker would show it. */
async function storeDisk(
  nix: Nix,
  spec: VmSpec,
  file: string,
): Promise<string> {
  const paths = await nix.closure([spec.image.toplevel]);
  await runChecked("mksquashfs", [
    ...paths.map((path) => nix.physicalPath(path)),
    ...[file, "-no-progress", "-quiet", "-noI", "-noD", "-noF", "-noX"],
  ]);
  return file;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function boot(nix: Nix, spec: VmSpec, disk: string, guestPort: number) {
  const port = freePort();
  const serial = `${disk}.serial`;
  const { image } = spec;
  const child = new Deno.Command("qemu-system-x86_64", {
    args: [
      ...["-M", "q35", "-accel", "tcg", "-cpu", "max"],
      ...["-m", String(spec.memoryMib), "-nodefaults", "-display", "none"],
      ...["-no-reboot", "-kernel", nix.physicalPath(image.kernelPath)],
      ...["-initrd", nix.physicalPath(image.initrdPath)],
      ...["-append", `${image.cmdline} procurator.store=squashfs`],
      ...["-serial", `file:${serial}`],
      ...["-drive", `file=${disk},if=none,id=s,format=raw,readonly=on`],
      ...["-device", "virtio-blk-pci,drive=s,serial=nix-store"],
      "-netdev",
      `user,id=n0,hostfwd=tcp:127.0.0.1:${port}-:${guestPort}`,
      ...["-device", "virtio-net-pci,netdev=n0"],
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn();
  return {
    url: `http://127.0.0.1:${port}`,
    console: () => Deno.readTextFile(serial).catch(() => ""),
    async [Symbol.asyncDispose]() {
      killGroup(child.pid, "SIGKILL");
      await child.status;
    },
  };
}

interface Built {
  name: string;
  spec: VmSpec;
  disk: string;
}

/** Builds what ci builds: the closures of the blueprint, and the checks. */
async function build(nix: Nix, path: string, name: string): Promise<Built> {
  const flake = `path:${path}`;
  const { text, derivations } = await nix.evalWithContext(
    flake,
    "blueprintJSON",
  );
  const checks = await nix.checkDerivations(flake);
  await nix.realise([...derivations, ...Object.values(checks)]);
  const [spec] = parseBlueprint(text).vmSpecs;
  assert.ok(spec !== undefined, text);
  return { name, spec, disk: await storeDisk(nix, spec, `${path}.squashfs`) };
}

async function requireHealthy(
  nix: Nix,
  { name, spec, disk }: Built,
): Promise<void> {
  const port = spec.healthChecks[0]?.port;
  assert.ok(port !== undefined);
  await using guest = boot(nix, spec, disk, port);
  const answer = await until(`${name} is healthy`, async () => {
    const response = await fetch(guest.url, {
      signal: AbortSignal.timeout(5000),
    });
    return await response.text();
  }, { timeoutMs: HEALTHY_MS }).catch(async (error) => {
    throw new Error(`its console: ${await guest.console()}`, { cause: error });
  });
  assert.equal(answer, `hello from ${name}\n`);
}

/** A flake that a manager without a builder has: what it fetches, and a build that needs it. */
const FETCHING = (nixpkgs: string, hash: string) =>
  `{
  inputs.nixpkgs.url = "path:${nixpkgs}";
  outputs = { self, nixpkgs }:
    let
      pkgs = nixpkgs.legacyPackages.x86_64-linux;
      procurator = import ./procurator/autonix;
      source = procurator.source ./.;
      package = procurator.application {
        inherit pkgs source;
        name = "brought";
        directory = "app";
        dependencies = procurator.dependencies {
          inherit pkgs source;
          hash = "${hash}";
          tools = [ ];
          directory = "app";
          command = "mkdir -p ../vendor ~/.m2/repository && cat list >../vendor/one && date +%N >~/.m2/repository/it.lastUpdated && echo two >~/.m2/repository/two";
          folders = [ "vendor" "~/.m2/repository" ];
        };
        build = "cat ../vendor/one ~/.m2/repository/two >both && test ! -e ~/.m2/repository/it.lastUpdated";
        start = "cat both";
        test = "grep -q two both";
      };
    in {
      packages.x86_64-linux.default = package;
      checks.x86_64-linux.test = package.check;
    };
}
`;

/** The first build says the hash of what is fetched; with it the build goes on. */
async function requireFetched(
  nix: Nix,
  dir: string,
  nixpkgs: string,
): Promise<void> {
  const path = join(dir, "fetched");
  const wrong = `sha256-${"A".repeat(43)}=`;
  const write = (hash: string) =>
    writeFiles(path, {
      "app/list": "one\n",
      "flake.nix": FETCHING(nixpkgs, hash),
      ...Object.fromEntries(LIBRARY),
    });
  await write(wrong);
  const checks = await nix.checkDerivations(`path:${path}`);
  const said = await nix.realise(Object.values(checks)).then(
    () => "",
    (error: unknown) => String(error),
  );
  const hash = /got: +(sha256-\S{43}=)/.exec(said)?.[1];
  assert.ok(hash !== undefined, said);
  await write(hash);
  const right = await nix.checkDerivations(`path:${path}`);
  await nix.realise(Object.values(right));
  const [built] = await nix.build(`path:${path}`, ["default"]);
  assert.ok(built !== undefined);
  const file = join(nix.physicalPath(built), "share/application/app/both");
  assert.equal(await Deno.readTextFile(file), "one\ntwo\n");
}

Deno.test("rendered Node, Python and C projects build without a network, boot, and are healthy", async () => {
  await using store = await nixStore("build", {
    extraConf: {
      "sandbox-paths":
        "/bin/sh=/bin/busybox /usr /lib=/usr/lib /lib64=/usr/lib64",
    },
  });
  const nixpkgs = await standIn(store.path);
  const built: Built[] = [];
  for (const name of ["node", "python", "c"] as const) {
    const path = await rendered(store.path, name, nixpkgs);
    built.push(await build(store.nix, path, name));
  }
  await requireFetched(store.nix, store.path, nixpkgs);
  await Promise.all(built.map((one) => requireHealthy(store.nix, one)));
});
