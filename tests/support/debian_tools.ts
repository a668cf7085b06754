/**
 * Interpreters of this machine as folders that run anywhere: the program, its
 * libraries, and a word that starts it with them.
 *
 * @module
 */
import { basename, join } from "node:path";
import { runChecked } from "../../roles/process/mod.ts";

/** What stands in front: neither shell nor guest has the machine's own loader. */
function starter(program: string, exports: string): string {
  return `#!/bin/sh
dir=\${0%/bin/*}
${exports}
exec "$dir/lib/ld-linux-x86-64.so.2" --library-path "$dir/lib" "$dir/libexec/${program}" "$@"
`;
}

async function libraries(program: string): Promise<string[]> {
  const printed = await runChecked("ldd", [program]);
  return [...printed.matchAll(/(\/\S+) \(0x/g)].flatMap(([, path]) =>
    path === undefined ? [] : [path]
  );
}

/** Copies a program to `dir/NAME`. */
async function copyProgram(
  dir: string,
  name: string,
  program: string,
  exports = "",
): Promise<string> {
  const root = join(dir, name);
  for (const below of ["bin", "lib", "libexec"]) {
    await Deno.mkdir(join(root, below), { recursive: true });
  }
  const real = await Deno.realPath(program);
  await Deno.copyFile(real, join(root, "libexec", name));
  for (const path of await libraries(real)) {
    await Deno.copyFile(path, join(root, "lib", basename(path)));
  }
  await Deno.writeTextFile(join(root, "bin", name), starter(name, exports), {
    mode: 0o755,
  });
  return root;
}

/** Node.js, Python and an empty folder, below `dir`. */
export async function debianTools(dir: string): Promise<void> {
  await copyProgram(dir, "node", "/usr/bin/node");
  const python = await copyProgram(
    dir,
    "python",
    "/usr/bin/python3",
    'export PYTHONHOME="$dir" PYTHONDONTWRITEBYTECODE=1',
  );
  await Deno.symlink("python", join(python, "bin/python3"));
  const { version } = JSON.parse(
    await runChecked("/usr/bin/python3", [
      ...["-I", "-c"],
      'import sys, json; print(json.dumps({"version": "python%d.%d" % sys.version_info[:2]}))',
    ]),
  );
  const from = `/usr/lib/${version}`;
  const to = join(python, "lib", version);
  // What a server of the standard library needs; the tests of Python are half of it.
  await runChecked("cp", ["-RL", from, to]);
  for (
    const spare of [
      "test",
      "idlelib",
      "lib2to3",
      "ensurepip",
      "tkinter",
      "pydoc_data",
      "config-3.11-x86_64-linux-gnu",
    ]
  ) {
    await Deno.remove(join(to, spare), { recursive: true }).catch(() =>
      undefined
    );
  }
  await Deno.mkdir(join(dir, "none/bin"), { recursive: true });
}
