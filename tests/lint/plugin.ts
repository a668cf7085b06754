/**
 * Rules of style.md that Deno's own linter does not know: `core/` stays pure,
 * roles do not import each other, no `index.ts`. Messages name the replacement.
 *
 * @module
 */

/** Roles that serve: they meet over RPC and HTTP, and share only the vocabulary. */
const SERVING_ROLES = ["master", "worker", "ci", "cache", "hub"];
/** Libraries without IO, clock or randomness. */
const PURE_LIBRARIES = [
  "@rgrove/parse-xml",
  "capnp-es",
  "jsonc-parser",
  "re2js",
  "toml-eslint-parser",
  "yaml",
  "zod",
];
/** Parts of Node that compute only. */
const PURE_NODE = ["node:buffer", "node:crypto", "node:path"];
/** Pure files outside a core/: constants and generated codecs. They are held to the same rules. */
const PURE_FILES = /^(roles\/model\/|rpc\/limits\.ts$|rpc\/generated\/)/;
/** What synchronous node:crypto offers without drawing random numbers. */
const PURE_CRYPTO = new Set([
  "createHash",
  "createHmac",
  "createPrivateKey",
  "createPublicKey",
  "sign",
  "timingSafeEqual",
  "verify",
]);
const TIMERS = new Set(["setTimeout", "setInterval", "setImmediate"]);

/** What a call or a property means in core, by `object.property`. */
const BANNED_MEMBERS = new Map([
  ["Date.now", "take the time as an argument (`nowMs`, or `at` of the event)"],
  ["performance.now", "take the time as an argument"],
  ["Math.random", "take a random number as an argument, or the port Random"],
  [
    "crypto.getRandomValues",
    "take the bytes as an argument, or the port Random",
  ],
  ["crypto.randomUUID", "take the id as an argument"],
  ["crypto.subtle", "use synchronous node:crypto: createHash, sign, verify"],
]);

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);

/** The path below the repository; one outside of it as it is, where no rule fits. */
function inRepository(filename: string): string {
  const path = filename.replace(/^file:\/\//, "");
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : path;
}

/** True for a file that must be pure: below a `core/`, or the shared vocabulary; tests beside it may do more. */
function isPure(path: string): boolean {
  if (/_test\.tsx?$/.test(path)) return false;
  return path.includes("/core/") || PURE_FILES.test(path);
}

/** Where a relative import leads, below the repository. */
function resolveImport(from: string, source: string): string {
  const base = `file:///${from}`;
  return new URL(source, base).pathname.slice(1);
}

/** Why a pure file may not import this, or null. */
function whyImpure(from: string, source: string): string | null {
  if (source.startsWith(".")) {
    const target = resolveImport(from, source);
    if (target.includes("/core/") || PURE_FILES.test(target)) return null;
    return `core may import only core/ and roles/model/, not ${target}: pass what it gives as an argument, or move the pure part into core/`;
  }
  if (PURE_NODE.includes(source)) return null;
  if (
    PURE_LIBRARIES.some((name) =>
      source === name || source.startsWith(`${name}/`)
    )
  ) {
    return null;
  }
  return `core may not import "${source}": do that in the file that calls core, and pass its result`;
}

/** Why a file of one role may not import this, or null. */
function whyForeign(from: string, source: string): string | null {
  if (!source.startsWith(".")) return null;
  const roleOf = (path: string) => /^roles\/([^/]+)\//.exec(path)?.[1];
  const own = roleOf(from);
  const other = roleOf(resolveImport(from, source));
  const bound = own !== undefined &&
    (SERVING_ROLES.includes(own) || own === "cli");
  if (
    !bound || other === undefined || other === own ||
    !SERVING_ROLES.includes(other)
  ) {
    return null;
  }
  return `roles/${own} may not import roles/${other}: declare a port for what it needs, and speak to the other role by rpc/ or HTTP; what both know belongs to roles/model/`;
}

type ImportNode =
  | Deno.lint.ImportDeclaration
  | Deno.lint.ExportNamedDeclaration
  | Deno.lint.ExportAllDeclaration
  | Deno.lint.ImportExpression;

function sourceOf(node: ImportNode): string | null {
  const source = node.source;
  return source !== null && source.type === "Literal" &&
      typeof source.value === "string"
    ? source.value
    : null;
}

/** A visitor of everything that names a module. */
function onImports(
  visit: (node: ImportNode, source: string) => void,
): Deno.lint.LintVisitor {
  const one = (node: ImportNode) => {
    const source = sourceOf(node);
    if (source !== null) visit(node, source);
  };
  return {
    ImportDeclaration: one,
    ExportNamedDeclaration: one,
    ExportAllDeclaration: one,
    ImportExpression: one,
  };
}

const pureCore: Deno.lint.Rule = {
  create(context) {
    const path = inRepository(context.filename);
    if (!isPure(path)) return {};
    const ban = (node: Deno.lint.Node, what: string, instead: string) =>
      context.report({ node, message: `${what} is not pure`, hint: instead });
    const noAsync = (
      node:
        | Deno.lint.FunctionDeclaration
        | Deno.lint.FunctionExpression
        | Deno.lint.ArrowFunctionExpression,
    ) => {
      if (node.async) {
        ban(
          node,
          "an async function",
          "return a value that says what to do, and do it at the edge",
        );
      }
    };
    return {
      MemberExpression(node) {
        if (node.object.type !== "Identifier") return;
        if (node.object.name === "Deno") {
          return ban(node, "Deno.*", "do IO at the edge and pass its result");
        }
        const property = node.property.type === "Identifier"
          ? node.property.name
          : "";
        const name = `${node.object.name}.${property}`;
        const instead = BANNED_MEMBERS.get(name);
        if (instead !== undefined) ban(node, name, instead);
      },
      NewExpression(node) {
        if (
          node.callee.type === "Identifier" && node.callee.name === "Date" &&
          node.arguments.length === 0
        ) {
          ban(
            node,
            "new Date()",
            "take the time as an argument: new Date(atMs)",
          );
        }
      },
      CallExpression(node) {
        if (node.callee.type !== "Identifier") return;
        const { name } = node.callee;
        if (name === "Date") {
          ban(node, "Date()", "take the time as an argument");
        }
        if (TIMERS.has(name)) {
          ban(
            node,
            name,
            "return when to be called again (a deadline in ms), and wait at the edge",
          );
        }
        if (name === "fetch") {
          ban(node, name, "do IO at the edge and pass its result");
        }
      },
      AwaitExpression(node) {
        ban(
          node,
          "await",
          "return a value that says what to do, and do it at the edge",
        );
      },
      ForOfStatement(node) {
        if (node.await) ban(node, "for await", "pass the items as a list");
      },
      FunctionDeclaration: noAsync,
      FunctionExpression: noAsync,
      ArrowFunctionExpression: noAsync,
      ImportSpecifier(node) {
        const source = sourceOf(node.parent as Deno.lint.ImportDeclaration);
        const name = node.imported.type === "Identifier"
          ? node.imported.name
          : "";
        const erased = node.importKind === "type" ||
          (node.parent as Deno.lint.ImportDeclaration).importKind === "type";
        if (source === "node:crypto" && !PURE_CRYPTO.has(name) && !erased) {
          ban(
            node,
            `${name} of node:crypto`,
            "take the bytes as an argument, or the port Random",
          );
        }
      },
      ...onImports((node, source) => {
        // Types are erased: they bring no behaviour into core.
        if ("importKind" in node && node.importKind === "type") return;
        if ("exportKind" in node && node.exportKind === "type") return;
        const message = whyImpure(path, source);
        if (message !== null) context.report({ node, message });
      }),
    };
  },
};

const noForeignRole: Deno.lint.Rule = {
  create(context) {
    const path = inRepository(context.filename);
    return onImports((node, source) => {
      const message = whyForeign(path, source);
      if (message !== null) context.report({ node, message });
    });
  },
};

const noIndex: Deno.lint.Rule = {
  create(context) {
    return {
      Program(node) {
        if (/\/index\.tsx?$/.test(inRepository(context.filename))) {
          context.report({
            node,
            message: "a folder's module is mod.ts, not index.ts",
          });
        }
      },
    };
  },
};

export default {
  name: "procurator",
  rules: {
    "pure-core": pureCore,
    "no-foreign-role": noForeignRole,
    "no-index": noIndex,
  },
} satisfies Deno.lint.Plugin;
