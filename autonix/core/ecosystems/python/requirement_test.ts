import assert from "node:assert/strict";
import { normaliseName, parseRequirement, pathOf } from "./requirement.ts";

Deno.test("requirement: names are compared as PyPI compares them", () => {
  assert.equal(normaliseName("Django_REST.framework"), "django-rest-framework");
});

Deno.test("requirement: every form that pip reads", () => {
  const cases: readonly (readonly [string, string | null, string | null])[] = [
    ["flask", "flask", null],
    ["Flask==3.0.3", "flask", "==3.0.3"],
    ["uvicorn[standard, Extra] >=0.2 , <1", "uvicorn", ">=0.2,<1"],
    ["typer (>=0.12,<0.13)", "typer", ">=0.12,<0.13"],
    [`a~=1.4 ; python_version < "3.9"`, "a", "~=1.4"],
    ["b==1 --hash=sha256:00 --hash=sha256:11", "b", "==1"],
    ["c @ git+https://git.example.org/c.git@v1", "c", null],
    ["git+https://git.example.org/d.git#egg=D_e", "d-e", null],
    ["./libs/thing", null, null],
    ["e>=1 # a comment", "e", ">=1"],
  ];
  for (const [written, name, version] of cases) {
    const found = parseRequirement(written);
    assert.equal(found?.name, name, written);
    assert.equal(found?.version, version, written);
  }
  assert.deepEqual(parseRequirement("x[a,B]")?.extras, ["a", "b"]);
});

Deno.test("requirement: what is none", () => {
  for (
    const text of ["", "=== leftovers", "<<<<<<< HEAD", "x[y", "two words"]
  ) assert.equal(parseRequirement(text), null, text);
});

Deno.test("requirement: where a location lies", () => {
  assert.equal(pathOf("../common[dev]"), "../common");
  assert.equal(pathOf("file:///${PROJECT_ROOT}/../x"), "./../x");
  assert.equal(pathOf("https://example.org/x.whl"), null);
});
