export default { name: "procurator", rules: {} } satisfies Deno.lint.Plugin;
