/**
 * Variables and ports in Elixir: configuration first, sources after it.
 *
 * @module
 */
import type { Syntax } from "../shared/source_scan.ts";

const LITERAL = `"([^"#\\n]{0,200})"|(\\d[\\d_]{0,12})\\b`;

export const ELIXIR: Syntax = {
  comments: ["#"],
  unasked: new Set(["MIX_ENV", "MIX_TARGET", "MIX_TEST_PARTITION"]),
  hints: ["get_env", "fetch_env", "env!", "port:"],
  mentions: [
    { pattern: /\bSystem\.fetch_env!\(\s{0,4}"(\w{1,100})"/g, isNeeded: true },
    {
      pattern: /\bSystem\.(?:get_env|fetch_env)\(\s{0,4}"(\w{1,100})"/g,
      isNeeded: false,
    },
    // `"PORT" |> System.get_env("4000")`
    {
      pattern:
        /"([A-Z]\w{0,99})"\s{0,40}\|>\s{0,4}System\.(?:get_env|fetch_env)\(/g,
      isNeeded: false,
    },
    {
      pattern: /"([A-Z]\w{0,99})"\s{0,40}\|>\s{0,4}System\.fetch_env!/g,
      isNeeded: true,
    },
    { pattern: /\benv!\(\s{0,4}"(\w{1,100})"/g, isNeeded: true },
    {
      pattern:
        /\bMap\.fetch!\(\s{0,4}System\.get_env(?:\(\))?,\s{0,4}"(\w{1,100})"/g,
      isNeeded: true,
    },
    { pattern: /\{:system,\s{0,4}"(\w{1,100})"/g, isNeeded: true },
  ],
  defaults: [
    new RegExp(`^(?:${LITERAL})\\s{0,4}\\)`),
    new RegExp(`^\\s{0,4}\\)?\\s{0,8}\\|\\|\\s{0,8}(?:${LITERAL})`),
    new RegExp(`^\\s{0,4},\\s{0,8}(?:${LITERAL})`),
    new RegExp(`^\\s{0,4},\\s{0,8}:\\w{1,20}!?,\\s{0,8}(?:${LITERAL})`),
  ],
  raising: /^\s{0,4}\)?\s{0,8}\|\|\s{0,8}raise\b/,
  optional: /^\s{0,4}\)?\s{0,8}(?:\|\||==|!=|in\b|do\b)/,
  asking: /\b(?:if|unless|not)\s{1,4}$/,
};

/** `port: 4000` of an endpoint or of a server among the children of a supervisor. */
export const ELIXIR_SOURCE: Syntax = {
  ...ELIXIR,
  ports: [
    /\b(?:Plug\.Cowboy|Bandit)\b[^\n]{0,200}?\bport:\s{0,4}(\d{2,5})\b/,
    /\b(?:Plug\.Cowboy|Bandit),[^()]{0,200}?\bport:\s{0,4}(\d{2,5})\b/,
  ],
};
export const ELIXIR_CONFIG: Syntax = {
  ...ELIXIR,
  hints: [...ELIXIR.hints, '"${'],
  mentions: [
    ...ELIXIR.mentions,
    // Distillery puts the value in when a release starts.
    { pattern: /"\$\{([A-Z]\w{0,99})\}"/g, isNeeded: true },
  ],
  ports: [/\bhttp:\s{0,4}\[[^\]]{0,200}?\bport:\s{0,4}(\d{2,5})\b/],
};
