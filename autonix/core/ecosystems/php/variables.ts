/**
 * Variables and ports in PHP sources and Symfony's configuration.
 *
 * @module
 */
import type { Syntax } from "../shared/source_scan.ts";

// What is joined to something else is no default.
const LITERAL =
  `["']([^"'$\\n]{0,200})["'](?!\\s{0,4}\\.)|(-?\\d[\\d_.]{0,12})\\b|(true|false)\\b`;

/** What the server says of a request: Cake's `env()` reads it as well. */
const OF_REQUESTS: ReadonlySet<string> = new Set([
  "HTTPS",
  "HTTP_HOST",
  "HTTP_REFERER",
  "HTTP_USER_AGENT",
  "HTTP_X_FORWARDED_FOR",
  "HTTP_X_FORWARDED_PROTO",
  "REMOTE_ADDR",
  "REQUEST_METHOD",
  "REQUEST_URI",
  "QUERY_STRING",
  "SCRIPT_FILENAME",
  "SCRIPT_NAME",
  "SERVER_ADDR",
  "SERVER_NAME",
  "SERVER_PORT",
  "DOCUMENT_ROOT",
]);

export const PHP: Syntax = {
  unasked: OF_REQUESTS,
  // The fourth is how comments of Laravel's configuration look.
  comments: ["//", "#", "*", "|", "/*"],
  hints: ["env(", "getenv", "_ENV", "_SERVER", "Server", "Worker"],
  mentions: [
    // Laravel's gives null where there is none.
    {
      pattern: /(?<![\w>:$%])env\(\s{0,8}["'](\w{1,100})["'](?!\s{0,4}\.)/g,
      isNeeded: false,
    },
    // Craft's.
    {
      pattern: /\bApp::(?:parseE|e)nv\(\s{0,8}["']\$?(\w{1,100})["']/g,
      isNeeded: false,
    },
    {
      pattern: /\bgetenv\(\s{0,8}["'](\w{1,100})["'](?!\s{0,4}\.)/g,
      isNeeded: true,
    },
    { pattern: /\$_ENV\[\s{0,4}["'](\w{1,100})["']\s{0,4}\]/g, isNeeded: true },
    {
      pattern:
        /\$_SERVER\[\s{0,4}["']((?:APP|DB|DATABASE|REDIS|MAIL|SMTP|API|AWS|S3)_\w{1,80})["']\s{0,4}\]/g,
      isNeeded: true,
    },
  ],
  defaults: [
    new RegExp(
      `^\\s{0,4}\\)?\\s{0,8}(?:\\?\\?|\\?:|\\|\\|)\\s{0,8}(?:${LITERAL})`,
    ),
    new RegExp(`^\\s{0,4},\\s{0,8}(?:${LITERAL})`),
  ],
  raising: /^\s{0,4}\)?\s{0,8}(?:\?\?|\?:|or)\s{0,8}(?:throw|die|exit)\b/,
  optional: /^\s{0,4}(?:,|\)?\s{0,8}(?:\?\?|\?:|\?\s|===|!==|==|!=|&&|\|\|))/,
  asking: /(?:\b(?:isset|empty|if)\s{0,4}\(\s{0,4}!?|!\s{0,2}|\(bool\)\s?)$/,
  ports: [
    /\bnew\s{1,4}\\?(?:[\w\\]{0,60}\\)?Server\(\s{0,4}["'][\w.]{1,40}["'],\s{0,4}(\d{2,5})\b/,
    /\bnew\s{1,4}\\?(?:[\w\\]{0,60}\\)?SocketServer\(\s{0,4}["'][\w.:/]{0,30}:(\d{2,5})["']/,
    /\bnew\s{1,4}\\?(?:[\w\\]{0,60}\\)?Worker\(\s{0,4}["']\w{1,12}:\/\/[\w.]{1,40}:(\d{2,5})["']/,
  ],
};

/** `:8000 {` and `http://localhost:8000 {` of a Caddyfile. */
export const CADDY: Syntax = {
  comments: ["#"],
  hints: [],
  mentions: [],
  defaults: [],
  ports: [/^(?:https?:\/\/)?[\w.]{0,60}:(\d{2,5})\s{0,8}\{/m],
};

/** Laravel does not start without its key. */
export const DEMANDED: ReadonlySet<string> = new Set(["APP_KEY"]);

/** `'%env(resolve:DATABASE_URL)%'` in Symfony's YAML. */
export const SYMFONY: Syntax = {
  comments: ["#"],
  hints: ["%env("],
  mentions: [{
    pattern: /%env\((?:[a-z_]{1,20}:){0,4}([A-Z]\w{0,99})\)%/g,
    isNeeded: true,
  }],
  defaults: [],
};
