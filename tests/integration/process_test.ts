import assert from "node:assert/strict";
import { AppError } from "../../roles/model/errors.ts";
import {
  MAX_LINE_CHARS,
  runChecked,
  runProcess,
} from "../../roles/process/mod.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

function hasCode(code: string) {
  return (error: unknown) => error instanceof AppError && error.code === code;
}

function alive(pid: number): boolean {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return stat.slice(stat.lastIndexOf(")") + 2)[0] !== "Z";
  } catch {
    return false;
  }
}

Deno.test("runChecked() gives standard output, and quotes the end of standard error on failure", async () => {
  assert.equal(
    await runChecked("sh", ["-c", "cat; echo out"], {
      stdin: new TextEncoder().encode("in\n"),
    }),
    "in\nout\n",
  );
  await assert.rejects(
    runChecked("sh", ["-c", "echo first >&2; echo the reason >&2; exit 7"]),
    (error: Error) =>
      hasCode("failed")(error) &&
      /exit code 7: first\nthe reason/.test(error.message),
  );
});

Deno.test("a program that is not there is named with what to install", async () => {
  await assert.rejects(
    runProcess("procurator-no-such-program", [], {
      missingHint: "apt-get install nothing",
    }),
    (error: unknown) =>
      error instanceof AppError && error.code === "missing_dependency" &&
      error.hint === "apt-get install nothing",
  );
});

Deno.test("a time-out and an abort end the whole process group", async () => {
  await using dir = await tempDir("run");
  for (const how of ["timeout", "abort"] as const) {
    const file = `${dir.path}/${how}`;
    const controller = new AbortController();
    const running = runProcess("sh", [
      "-c",
      `sh -c 'echo $$ > ${file}; exec sleep 300' & wait`,
    ], {
      ...(how === "timeout"
        ? { timeoutMs: 500 }
        : { signal: controller.signal }),
    });
    const refused = assert.rejects(
      running,
      hasCode(how === "timeout" ? "timeout" : "failed"),
    );
    const pid = await until("the grandchild's pid", async () => {
      const text = await Deno.readTextFile(file);
      return text.endsWith("\n") && Number(text);
    }, { timeoutMs: 10_000 });
    if (how === "abort") controller.abort();
    await refused;
    await until("the grandchild's end", () => !alive(pid), {
      timeoutMs: 10_000,
    });
  }
});

Deno.test("output is bounded and lines are cut", async () => {
  await assert.rejects(
    runProcess("sh", ["-c", "head -c 100000 /dev/zero"], {
      maxOutputBytes: 1000,
    }),
    /larger than 1000 bytes/,
  );
  const lines: string[] = [];
  await runProcess("sh", [
    "-c",
    `printf 'one\\r\\ntwo'; head -c ${
      MAX_LINE_CHARS + 5
    } /dev/zero | tr '\\0' x`,
  ], {
    mergeStdout: true,
    onLine: (line) => lines.push(line),
  });
  assert.equal(lines[0], "one");
  assert.equal(lines[1]?.length, MAX_LINE_CHARS);
  assert.equal(lines.slice(1).join("").length, MAX_LINE_CHARS + 8);
});
