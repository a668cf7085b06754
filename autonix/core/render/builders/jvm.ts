/**
 * Packages of Maven, Gradle, sbt, Leiningen and Clojure: each fetches into the
 * home, and runs there without a network afterwards.
 *
 * @module
 */
import { type Asked, type Builder, fetched } from "./plan.ts";

/** A build is tested by its check. */
function withoutTests(
  command: string | null,
  program: RegExp,
  told: RegExp,
  option: string,
): string | null {
  return command === null || told.test(command)
    ? command
    : command.replace(program, `$1 ${option}`);
}

/** `mvn`, as the command of a line. */
const MVN = /(?<=^|[\s;&|(])(mvn)(?=\s)/;
const MVN_TESTS = /-DskipTests|-Dmaven\.test\.skip/;
/** What runs tests is fetched when they are: here none of them is. */
const NO_TEST =
  "-Dtest=NoTestIsRunToFetch -Dsurefire.failIfNoSpecifiedTests=false -DfailIfNoTests=false";

export const maven: Builder = fetched({
  locks: ["pom.xml"],
  isOutermost: true,
  tools: ({ runtime }) => ["pkgs.maven", runtime],
  command: ({ application }) => {
    const build = "mvn -B package -DskipTests";
    return application.commands.test === null
      ? build
      : `${build} && mvn -B test ${NO_TEST}`;
  },
  isAtRoot: true,
  folders: ["~/.m2/repository"],
  arguments: [`MAVEN_ARGS = "-o -nsu -B";`],
  rest: (asked) => ({
    tools: ["maven"],
    arguments: javaHome(asked),
    build: (command) => withoutTests(command, MVN, MVN_TESTS, "-DskipTests"),
  }),
});

const GRADLE =
  /(?<=^|[\s;&|(])(gradle(?:\s+-\S{1,60})*\s+(?:build|check))(?=\s|$)/;
/** Each configuration of each project, also what only tests need to run. */
const ALL_CONFIGURATIONS =
  'allprojects { tasks.register("fetchForProcurator") { doLast { configurations.findAll { it.canBeResolved }.each { try { it.files } catch (ignored) { } } } } }';

export const gradle: Builder = fetched({
  locks: [
    "settings.gradle",
    "settings.gradle.kts",
    "build.gradle",
    "build.gradle.kts",
  ],
  isOutermost: true,
  tools: ({ runtime }) => ["pkgs.gradle-unwrapped", runtime],
  command: () =>
    `mkdir -p ~/.gradle/init.d && echo '${ALL_CONFIGURATIONS}' > ~/.gradle/init.d/all.gradle && gradle --no-daemon assemble testClasses fetchForProcurator`,
  isAtRoot: true,
  folders: [],
  extra: " repository = true;",
  rest: (asked) => ({
    // The wrapped one wants to be told of each file by name and hash.
    tools: ["gradle-unwrapped"],
    arguments: [
      ...javaHome(asked),
      { text: `GRADLE_OPTS = "-Dorg.gradle.daemon=false";`, because: WHY },
    ],
    build: (command) => withoutTests(command, GRADLE, /-x\s+test/, "-x test"),
  }),
});

export const sbt: Builder = fetched({
  locks: ["build.sbt", "project/build.properties"],
  isOutermost: true,
  tools: ({ runtime }) => ["pkgs.sbt", runtime],
  command: () => "sbt -batch update Test/compile",
  isAtRoot: true,
  folders: ["~/.sbt/boot", "~/.ivy2", "~/.cache/coursier"],
  arguments: [`COURSIER_MODE = "offline";`],
  rest: (asked) => ({ tools: ["sbt"], arguments: javaHome(asked) }),
});

export const lein: Builder = fetched({
  locks: ["project.clj"],
  tools: ({ runtime }) => ["pkgs.leiningen", runtime],
  command: () => "lein with-profiles +test,+uberjar deps && lein deps",
  folders: ["~/.m2/repository"],
  arguments: [`LEIN_OFFLINE = "1";`],
  rest: () => ({ tools: ["leiningen"] }),
});

/** `clojure -M:dev:test` and its like: what they add is fetched as well. */
const CLOJURE = /(?:^|[\s;&|])cloju?re?\s+(-[AMTX](?::[\w.:/+-]{1,200})?)/g;

function clojureAliases({ application }: Asked): string[] {
  const { build, start, test } = application.commands;
  const found = new Set<string>();
  for (const fact of [build, start, test]) {
    const text = (fact?.value ?? "").slice(0, 4000);
    for (const [, option = ""] of text.matchAll(CLOJURE)) {
      if (option.includes(":")) found.add(option);
    }
  }
  return [...found].sort();
}

export const clj: Builder = fetched({
  locks: ["deps.edn"],
  tools: ({ runtime }) => ["pkgs.clojure", "pkgs.git", runtime],
  command: (asked) =>
    ["", ...clojureAliases(asked).map((option) => ` ${option}`)]
      .map((option) => `clojure -P${option}`).join(" && "),
  folders: ["~/.m2/repository", "~/.gitlibs"],
  rest: ({ application }) => ({
    tools: ["clojure"],
    lines: /^cloju?re?\s/.test(application.commands.start?.value ?? "")
      ? [{ text: "keepsHome = true;", because: KEEPS }]
      : [],
  }),
});

const WHY = { what: "no program of it may stay", evidence: [] };
const KEEPS = {
  what: "its start command reads packages from there",
  evidence: [],
};

/** The Java that was chosen, for managers that bring one of their own. */
function javaHome({ runtime }: Asked) {
  if (!runtime.startsWith("pkgs.jdk")) return [];
  return [{
    text: `JAVA_HOME = "\${${runtime}}";`,
    because: { what: "the Java that was chosen", evidence: [] },
  }];
}
