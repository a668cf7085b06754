#!/bin/sh
# pre-receive of every repository on the hub, run by git after the pack was
# checked and before any ref moves. Keeps what `git push -o check-index=N` says
# with each new branch tip, durably; roles/hub/check_index.ts reads it.
#
# One file per tip: procurator/check-index/COMMIT.HASH_OF_REF holds "N REF".
# The last push of a tip counts: one without the option removes the file.
set -u

refuse() {
  printf 'procurator: %s\n' "$1" >&2
  exit 1
}

usage='give the number that "procurator plan" prints: git push -o check-index=N'
index=
given=0
count=${GIT_PUSH_OPTION_COUNT:-0}
at=0
while [ "$at" -lt "$count" ]; do
  eval "option=\${GIT_PUSH_OPTION_$at}"
  at=$((at + 1))
  case $option in
    check-index=*) index=${option#check-index=} ;;
    check-index) refuse "check-index needs a number; $usage" ;;
    *) refuse "this hub knows no such push option, only check-index=N" ;;
  esac
  given=$((given + 1))
  [ "$given" -eq 1 ] || refuse "check-index is given twice; $usage"
  case $index in
    '' | *[!0-9]*) refuse "check-index must be a whole number; $usage" ;;
    0?* | ?????????????????*) refuse "check-index is no plan revision; $usage" ;;
  esac
  # 2^53-1: the largest that the master counts to.
  [ "$index" -le 9007199254740991 ] || refuse "check-index is no plan revision; $usage"
done

directory=procurator/check-index
cd "${GIT_DIR:-.}" || refuse "the repository is not there"
head=$(git symbolic-ref -q HEAD || :)

keep() {
  mkdir -p "$directory" &&
    printf '%s %s\n' "$index" "$2" >"$directory/.new.$$" &&
    sync "$directory/.new.$$" &&
    mv -f "$directory/.new.$$" "$directory/$1" &&
    sync "$directory" procurator .
}

while read -r _old new ref; do
  case $ref in refs/heads/*) ;; *) continue ;; esac
  # All zeros: the branch is deleted.
  case $new in *[!0]*) ;; *) continue ;; esac
  name=$new.$(printf '%s' "$ref" | git hash-object --stdin) || refuse "cannot name $ref"
  if [ "$given" -eq 1 ]; then
    keep "$name" "$ref" || refuse "cannot keep check-index: the hub's disk does not take it"
    if [ "$ref" = "$head" ]; then
      printf 'procurator: published only if the plan is still at revision %s\n' "$index" >&2
    fi
  elif [ -e "$directory/$name" ]; then
    rm -f "$directory/$name" && sync "$directory" ||
      refuse "cannot forget an older check-index: the hub's disk does not take it"
  fi
done
exit 0
