import assert from "node:assert/strict";
import { FileTree } from "../../file_tree.ts";
import { Reading } from "../../reading.ts";
import { readGemfile } from "./gemfile.ts";

function gemfile(text: string, path = "Gemfile") {
  const tree = new FileTree({ files: [path], texts: new Map([[path, text]]) });
  return readGemfile(new Reading(tree), path, ".");
}

Deno.test("Gemfile: groups and conditions nest, and end where they end", () => {
  const { dependencies } = gemfile(`
gem "a", "~> 1.2", ">= 1.2.3"
group :development, :test do
  if RUBY_VERSION > "3"
    gem "b"
  end
  gem "c"
end
gem "d", group: :test
gem "e", groups: [:production, :test]
gem('f', require: false)
`);
  assert.deepEqual(
    dependencies.map(({ name, version, isDev }) => [name, version, isDev]),
    [
      ["a", "~> 1.2, >= 1.2.3", false],
      ["b", null, true],
      ["c", null, true],
      ["d", null, true],
      ["e", null, false],
      ["f", null, false],
    ],
  );
});

Deno.test("Gemfile: gems of the repository are links, those outside of it none", () => {
  const { links } = gemfile(`
gem "a", path: "libs/a"
path "engines" do
  gem "b"
end
gem "c", path: "../../outside"
`);
  assert.deepEqual(links, ["libs/a", "engines/b"]);
});

Deno.test("Gemfile: the version of Ruby as it stands", () => {
  assert.equal(gemfile('ruby "3.2.2"').ruby?.value, "3.2.2");
  assert.equal(gemfile("ruby '>= 3.0', '< 3.4'").ruby?.value, ">= 3.0, < 3.4");
  assert.equal(gemfile('ruby file: ".ruby-version"').ruby, null);
});
