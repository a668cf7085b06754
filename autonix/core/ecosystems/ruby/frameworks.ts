/**
 * Frameworks of Ruby by their gems, and libraries that gems need.
 *
 * @module
 */
import type { FrameworkTable, NativeTable } from "../shared/project.ts";

export const FRAMEWORKS: FrameworkTable = [
  ["rails", "rails", "railties"],
  ["hanami", "hanami"],
  ["padrino", "padrino", "padrino-core"],
  ["sinatra", "sinatra", "sinatra-contrib"],
  ["roda", "roda"],
  ["grape", "grape"],
  ["cuba", "cuba"],
  ["jekyll", "jekyll", "github-pages"],
  ["middleman", "middleman"],
  ["bridgetown", "bridgetown"],
  ["nanoc", "nanoc"],
  ["sidekiq", "sidekiq"],
];

/**
 * Gems that are compiled against a library, or load it. Those that bring it
 * with them (nokogiri and sqlite3 as precompiled gems, sassc) are told only
 * where the lockfile asks for the plain gem: see `native.ts`.
 */
export const NATIVE: NativeTable = new Map([
  ["pg", ["postgresql"]],
  ["sequel_pg", ["postgresql"]],
  ["mysql2", ["libmysqlclient"]],
  ["tiny_tds", ["freetds"]],
  ["rmagick", ["imagemagick"]],
  ["mini_magick", ["imagemagick"]],
  ["paperclip", ["imagemagick"]],
  ["kt-paperclip", ["imagemagick"]],
  ["dragonfly", ["imagemagick"]],
  ["ruby-vips", ["vips"]],
  ["image_processing", ["vips"]],
  ["curb", ["curl"]],
  ["typhoeus", ["curl"]],
  ["ethon", ["curl"]],
  ["charlock_holmes", ["icu"]],
  ["rugged", ["libgit2"]],
  ["rdkafka", ["rdkafka"]],
  ["ruby-filemagic", ["file"]],
  ["streamio-ffmpeg", ["ffmpeg"]],
  ["wicked_pdf", ["wkhtmltopdf"]],
  ["pdfkit", ["wkhtmltopdf"]],
  ["cairo", ["cairo"]],
  ["pango", ["pango"]],
  ["gtk3", ["gtk3"]],
  ["rtesseract", ["tesseract"]],
  ["poppler", ["poppler"]],
  ["rbnacl", ["libsodium"]],
  ["memcached", ["libmemcached"]],
  ["libxml-ruby", ["libxml2"]],
  ["grover", ["chromium"]],
  ["ferrum", ["chromium"]],
  ["gmp", ["gmp"]],
  ["gdal", ["gdal"]],
  ["rgeo", ["geos"]],
]);

/** Compiled only where the lockfile has no gem for the platform. */
export const NATIVE_FROM_SOURCE: NativeTable = new Map([
  ["nokogiri", ["libxml2", "libxslt"]],
  ["sqlite3", ["sqlite"]],
  ["ffi", ["libffi"]],
]);

/** Gems of who writes or ships another program: a Gemfile of only these is no application. */
export const TOOLS: ReadonlySet<string> = new Set([
  "fastlane",
  "cocoapods",
  "xcodeproj",
  "xcpretty",
  "danger",
  "rake",
  "rubocop",
  "capistrano",
  "overcommit",
  "kitchen-terraform",
  "test-kitchen",
  "inspec",
  "puppet",
  "mdl",
  "scss_lint",
  "dotenv",
  "activesupport",
  "concurrent-ruby",
  "bigdecimal",
  "logger",
  "benchmark",
  "mutex_m",
  "nokogiri",
  "abbrev",
]);
