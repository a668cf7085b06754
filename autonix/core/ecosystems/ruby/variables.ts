/**
 * Variables and ports in Ruby sources, config.ru, and templates of YAML.
 *
 * @module
 */
import type { Syntax } from "../shared/source_scan.ts";

const LITERAL = `["']([^"'#\\n]{0,200})["']|(\\d[\\d_]{0,12})\\b`;

export const RUBY: Syntax = {
  comments: ["#"],
  unasked: new Set(["RAILS_ENV", "RACK_ENV", "BUNDLE_GEMFILE", "BUNDLE_PATH"]),
  hints: ["ENV", "port", "Port", "Server.new"],
  mentions: [
    { pattern: /\bENV\[["'](\w{1,100})["']\]/g, isNeeded: true },
    // Taken out, so that nothing else sees it.
    { pattern: /\bENV\.delete\(?\s{0,4}["'](\w{1,100})["']/g, isNeeded: true },
    { pattern: /\bENV\.fetch\(?\s{0,4}["'](\w{1,100})["']/g, isNeeded: true },
    {
      pattern:
        /\bENV\.(?:key\?|has_key\?|include\?)\(?\s{0,4}["'](\w{1,100})["']/g,
      isNeeded: false,
    },
  ],
  defaults: [
    new RegExp(`^\\s{0,4}\\)?\\s{0,4}(?:\\|\\||or)\\s{0,8}(?:${LITERAL})`),
    new RegExp(`^\\s{0,4},\\s{0,8}(?:${LITERAL})`),
    new RegExp(`^\\s{0,4}\\)?\\s{0,4}\\{\\s{0,4}(?:${LITERAL})\\s{0,4}\\}`),
    new RegExp(`^\\s{0,4}\\)?\\s{0,4}do\\s{1,8}(?:${LITERAL})`),
  ],
  optional:
    /^\s{0,4}\)?\s{0,4}(?:\|\||&\.|\.(?:present|blank|nil|to_s|presence)\b|==|!=|\?\s|,\s{0,8}(?:nil|true|false|\w+\.)|\{|=~)/,
  raising: /^\s{0,4}\)?\s{0,4}(?:\|\||or)\s{0,8}(?:raise|abort|fail)\b/,
  asking: /(?:(?:\b(?:if|unless|elsif|and|not)|&&|\|\|=?)\s{0,4}!?\(?|!)$/,
  ports: [
    /\bset\s{1,4}:port,\s{0,4}(\d{2,5})\b/,
    /\bset\s{1,4}:port,\s{0,4}\(?ENV[^\n]{1,60}?(?:\|\||,)\s{0,4}["']?(\d{2,5})\b/,
    /(?:\bPort:|:Port\s{0,4}=>)\s{0,4}(\d{2,5})\b/,
    /\bTCPServer\.new\((?:["'][\w.:]{0,40}["'],\s{0,4})?(\d{2,5})\b/,
  ],
};

/** config/puma.rb: `port ENV.fetch("PORT") { 3000 }`, `bind "tcp://0.0.0.0:9292"`. */
export const PUMA: Syntax = {
  ...RUBY,
  ports: [
    /^\s{0,8}port[\s(]\s{0,4}(\d{2,5})\b/m,
    /^\s{0,8}port[\s(]\s{0,4}(?:Integer\()?\(?ENV[^\n]{1,60}?(?:\|\||,|\{)\s{0,4}["']?(\d{2,5})\b/m,
    /^\s{0,8}bind[\s(]\s{0,4}["']tcp:\/\/[\w.:[\]]{1,40}:(\d{2,5})\b/m,
    /^\s{0,8}(?:listen)[\s(]\s{0,4}["']?(?:[\w.]{1,40}:)?(\d{2,5})\b/m,
  ],
};
