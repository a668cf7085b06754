/**
 * Commands that run an application's tests, as they stand in workflows.
 *
 * @module
 */
import type { PackageManager } from "../../../roles/model/analysis.ts";
import type { Ecosystem } from "../draft.ts";

interface TestCommand {
  /** Null: of any ecosystem. */
  ecosystem: Ecosystem | null;
  /** How the command begins, a word of a list each. */
  words: readonly string[];
}

function of(ecosystem: Ecosystem | null, ...commands: string[]): TestCommand[] {
  return commands.map((command) => ({ ecosystem, words: command.split(" ") }));
}

/** Longer ones before those they begin with. */
const COMMANDS: readonly TestCommand[] = [
  ...of(
    "javascript",
    "npm test",
    "npm t",
    "npm run test",
    "npm run-script test",
    "yarn test",
    "yarn run test",
    "pnpm test",
    "pnpm run test",
    "bun test",
    "bun run test",
    "deno test",
    "deno task test",
    "npx jest",
    "npx vitest",
    "npx mocha",
  ),
  ...of(
    "python",
    "pytest",
    "python -m pytest",
    "python3 -m pytest",
    "poetry run pytest",
    "poetry run python -m pytest",
    "uv run pytest",
    "uv run python -m pytest",
    "pdm run pytest",
    "pdm run test",
    "pipenv run pytest",
    "hatch test",
    "hatch run test",
    "coverage run",
    "tox",
    "nox",
    "python manage.py test",
    "python3 manage.py test",
    "poetry run python manage.py test",
    "uv run manage.py test",
    "uv run python manage.py test",
    "python -m unittest",
    "python3 -m unittest",
    "py.test",
  ),
  ...of("go", "go test", "gotestsum", "ginkgo"),
  ...of("rust", "cargo test", "cargo nextest run", "cross test"),
  ...of(
    "jvm",
    "mvn test",
    "mvn verify",
    "./mvnw test",
    "./mvnw verify",
    "mvn clean test",
    "mvn clean verify",
    "./gradlew test",
    "./gradlew check",
    "gradle test",
    "gradle check",
    "./gradlew build",
    "sbt test",
    "lein test",
    "clojure -M:test",
    "clojure -X:test",
    "clj -M:test",
  ),
  ...of(
    "ruby",
    "bundle exec rspec",
    "bundle exec rake test",
    "bundle exec rake spec",
    "bundle exec rake",
    "bundle exec rails test",
    "bin/rails test",
    "bin/rspec",
    "bin/rake",
    "rake test",
    "rails test",
    "rspec",
  ),
  ...of(
    "php",
    "vendor/bin/phpunit",
    "./vendor/bin/phpunit",
    "vendor/bin/pest",
    "./vendor/bin/pest",
    "composer test",
    "composer run test",
    "composer run-script test",
    "php artisan test",
    "bin/phpunit",
    "php bin/phpunit",
  ),
  ...of("dotnet", "dotnet test"),
  ...of("elixir", "mix test", "mix coveralls"),
  ...of("gleam", "gleam test"),
  ...of("haskell", "cabal test", "stack test", "cabal v2-test"),
  ...of("ocaml", "dune test", "dune runtest", "opam exec -- dune runtest"),
  ...of("zig", "zig build test"),
  ...of("swift", "swift test"),
  ...of("dart", "dart test", "flutter test", "dart run test"),
  ...of("crystal", "crystal spec"),
  ...of("c", "ctest", "meson test", "make check"),
  ...of(null, "make test", "make check", "just test", "task test"),
];

/** Longer ones are scripts, no commands. */
const MAX_LENGTH = 300;
const MAX_LINES = 200;

function startsWith(words: readonly string[], start: readonly string[]) {
  return start.every((word, index) => words[index] === word);
}

/** `CI=true A=b npm test` is `npm test`. */
function withoutAssignments(words: string[]): string[] {
  const from = words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
  return from < 0 ? [] : words.slice(from);
}

/** `mvn -B verify`, `./gradlew --no-daemon test`: options may stand before the goal. */
const OPTIONS_FIRST = new Set(["mvn", "./mvnw", "gradle", "./gradlew", "sbt"]);

/** Runners that are given the files, or the kind, of the tests they are to run. */
const GIVEN: readonly (readonly [runner: string, some: RegExp])[] = [
  ["mix test", /^--only$|\.exs(?::\d{1,6})?$/],
  ["crystal spec", /\.cr(?::\d{1,6})?$/],
  ["dart test", /\.dart$/],
  ["flutter test", /\.dart$|^integration_test\b/],
];

/** True where only some of the tests are run. */
function isOfSome(words: readonly string[]): boolean {
  const runner = words.slice(0, 2).join(" ");
  return GIVEN.some(([name, some]) =>
    name === runner && words.slice(2).some((word) => some.test(word))
  );
}

function matches(words: readonly string[], command: TestCommand): boolean {
  const [program = ""] = words;
  const [wanted, goal] = command.words;
  if (OPTIONS_FIRST.has(program) && program === wanted && goal !== undefined) {
    return words.includes(goal);
  }
  if (isOfSome(words)) return false;
  // Of one directory alone they are some of its tests.
  if (program === "go" && wanted === "go") {
    return goal === words[1] &&
      !words.slice(2).some((word) =>
        /^\.{0,2}\/?[\w]/.test(word) && word.includes("/") ||
        word === "-run"
      );
  }
  // Tasks before it prepare: `bin/rails db:test:prepare test test:system`.
  if (wanted?.endsWith("rails") === true && goal === "test") {
    return program === wanted &&
      words.slice(1).some((word) => word === "test" || word === "test:all");
  }
  // Alone it runs the tests; with a task it is that task.
  if (command.words.at(-1)?.endsWith("rake") === true) {
    const task = words[command.words.length];
    if (task !== undefined && !/^-|=/.test(task)) return false;
  }
  return startsWith(words, command.words);
}

/** Whose projects these programs run: of two build tools in one directory one counts. */
const MANAGERS: ReadonlyMap<string, PackageManager> = new Map<
  string,
  PackageManager
>([
  ["mvn", "maven"],
  ["./mvnw", "maven"],
  ["gradle", "gradle"],
  ["./gradlew", "gradle"],
  ["sbt", "sbt"],
  ["lein", "lein"],
  ["clojure", "clj"],
  ["clj", "clj"],
  ["cabal", "cabal"],
  ["stack", "stack"],
]);

export interface FoundTest {
  text: string;
  /** Null: of any. */
  manager: PackageManager | null;
  ecosystem: Ecosystem | null;
  /** Directory that the script has changed to before; null: none. */
  directory: string | null;
}

/** The first command of a script that runs tests. */
export function testCommandIn(script: string): FoundTest | null {
  let directory: string | null = null;
  // A line that ends in a backslash goes on.
  const lines = script.replace(/\\\r?\n\s*/g, " ").split(/\r?\n/, MAX_LINES);
  for (const line of lines) {
    if (line.length > MAX_LENGTH) continue;
    for (const part of line.split(/&&|;/)) {
      const words = withoutAssignments(part.trim().split(/\s+/));
      const [program = "", argument] = words;
      if (program === "cd" && argument !== undefined) {
        directory = argument;
        continue;
      }
      const text = words.join(" ");
      if (/[|<>`]|\$\{\{|\$\(/.test(text)) continue;
      const found = COMMANDS.find((command) => matches(words, command));
      if (found !== undefined) {
        const manager = MANAGERS.get(words[0] ?? "") ?? null;
        return {
          // What a service's own variables stand for nobody else has.
          text: /\$[A-Za-z_{]/.test(text) ? found.words.join(" ") : text,
          manager,
          ecosystem: found.ecosystem,
          directory,
        };
      }
    }
  }
  return null;
}
