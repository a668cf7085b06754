/**
 * The POSIX sh header of the self-extracting executable. Writes text, runs nothing.
 *
 * The payload follows the header: tar.gz of `deno`, `procurator.js` and the parts
 * it loads. It is unpacked once, beside its place, and renamed into it, so that two first runs
 * do not meet; the directory is named by the payload's hash, so that versions
 * do not either. Only directories that belong to the user are trusted: what
 * lies there is executed.
 *
 * @module
 */

/** What the header needs to know. */
export interface HeaderOptions {
  version: string;
  /** Names the directory: changes whenever the payload does. */
  hash: string;
}

/** Commands that read a repository and end: they need other things of V8 than a role that runs for months. */
const READING: readonly string[] = ["analyze", "graph", "init"];
/**
 * What they need. All functions are compiled at once, since Deno keeps for the
 * next start what was compiled before the first line ran. And there is room
 * for what is young: of the values a scan makes few die, and to copy those that
 * live from one small space to the next takes a tenth of the time.
 */
export const READING_FLAGS = "--no-lazy,--min-semi-space-size=32";

/** Digits of the offset: fixed, so that writing it does not change the length. */
const OFFSET_DIGITS = 7;

function template(options: HeaderOptions, offset: string): string {
  return `#!/bin/sh
# procurator ${options.version}: one file that unpacks itself once into a cache
# directory and runs from there. PROCURATOR_CACHE_DIR chooses another one.
set -u
hash=${options.hash}
offset=${offset}

ours() { [ -d "$1" ] && [ -O "$1" ] && [ ! -L "$1" ]; }
ready() { ours "$1" && [ -x "$1/deno" ] && [ -r "$1/procurator.js" ]; }

# What a killed first run left behind.
sweep() {
  for old in "$1".*.tmp; do
    pid=\${old%.tmp}
    [ -d "$old" ] && ! kill -0 "\${pid##*.}" 2>/dev/null && rm -rf "$old"
  done
}

unpack() {
  sweep "$1"
  temporary=$1.$$.tmp
  mkdir -m 700 "$temporary" 2>/dev/null || return 1
  if tail -c +$offset "$0" | tar -xzf - -C "$temporary" 2>/dev/null &&
    [ -x "$temporary/deno" ]; then
    mv -T "$temporary" "$1" 2>/dev/null || [ -d "$1" ] ||
      mv "$temporary" "$1" 2>/dev/null
  fi
  rm -rf "$temporary"
  ready "$1"
}

# place BASE NAME: sets dir when the program is, or can be put, in BASE/NAME/hash.
place() {
  [ -n "$1" ] || return 1
  mkdir -p -m 700 "$1/$2" 2>/dev/null
  ours "$1/$2" || return 1
  dir=$1/$2/$hash
  ready "$dir" || unpack "$dir"
}

user=$(id -u)
system=
[ "$user" = 0 ] && system=/var/cache
home=
if [ -n "\${HOME:-}" ] && ours "$HOME"; then home=$HOME/.cache; fi
place "\${PROCURATOR_CACHE_DIR:-}" procurator ||
  place "\${XDG_CACHE_HOME:-}" procurator ||
  place "$home" procurator ||
  place "$system" procurator ||
  place "\${TMPDIR:-/tmp}" "procurator-$user" ||
  place /tmp "procurator-$user" || {
  echo "error: Cannot unpack procurator: no directory can be written and executed" >&2
  echo "Try: set PROCURATOR_CACHE_DIR to one that can" >&2
  exit 1
}

case $0 in /*) PROCURATOR_EXECUTABLE=$0 ;; *) PROCURATOR_EXECUTABLE=$PWD/$0 ;; esac
export PROCURATOR_EXECUTABLE
# What Deno keeps of one is of no use to the other: the flags are part of it.
flags= cache=cache
case \${1:-} in ${
    READING.join("|")
  }) flags=--v8-flags=${READING_FLAGS} cache=read ;; esac
export DENO_DIR="\${DENO_DIR:-$dir/$cache}" DENO_NO_UPDATE_CHECK=1
exec "$dir/deno" run $flags --allow-all --no-config --no-lock --no-remote --no-npm --quiet "$dir/procurator.js" "$@"
exit 1
`;
}

/** The header. The payload begins right after it. */
export function selfExtractHeader(options: HeaderOptions): string {
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  const length = bytes(template(options, "0".repeat(OFFSET_DIGITS)));
  // tail counts from 1; leading zeros would make it octal somewhere, so blanks do not pad: # does.
  const offset = String(length + 1);
  return template(options, offset.padEnd(OFFSET_DIGITS, " "));
}
