import assert from "node:assert/strict";
import { leaveCommand, startCommand } from "./starter.ts";

const QEMU = {
  program: "qemu",
  args: ["-uuid", "a marker"],
  fileLimitBytes: 1000,
  isGuarded: false,
};

/** What the shell's script is given. */
function words(of: Parameters<typeof startCommand>[0]): string[] {
  return startCommand(of).args.slice(3);
}

Deno.test("startCommand() keeps the VMM's own arguments visible: it is found by its marker from the first moment", () => {
  assert.deepEqual(startCommand(QEMU).program, "sh");
  assert.deepEqual(words(QEMU), [
    "2",
    "",
    "",
    "0",
    "qemu",
    "-uuid",
    "a marker",
  ]);
});

Deno.test("startCommand() hands paths over as words, never as script", () => {
  const cgroups = ["/sys/fs/cgroup/$(reboot)", "/sys/fs/cgroup/b c"];
  const given = { ...QEMU, cgroups, user: { uid: 7, gid: 8 }, isGuarded: true };
  assert.deepEqual(words(given).slice(1, 6), [
    "7:8",
    "guarded",
    "2",
    ...cgroups,
  ]);
  assert.equal(startCommand(given).args[1], startCommand(QEMU).args[1]);
});

Deno.test("leaveCommand() is told the same, and where the VMM's own words go", () => {
  const wordsPath = "/run/a copy/vmm.log";
  const { program, args } = leaveCommand({ ...QEMU, wordsPath });
  assert.deepEqual([program, ...args.slice(0, 2)], ["setsid", "sh", "-c"]);
  assert.deepEqual(args.slice(4), [wordsPath, ...words(QEMU)]);
});
