#!/bin/sh
# The guest's side of the guest channel: answers the worker, runs commands, switches user space. Speaks the lines of
# vmm/guest/core/frames.ts with nothing but a POSIX shell and busybox's applets.
#
#   sh agent.sh NAME   at the virtio-serial port of that name, while the guest runs; ends with 3 when there is none
#   sh agent.sh -      one connection on standard input and output, until it ends (vsock)
#
# Commands run side by side, each in a session of its own: one that hangs keeps nobody waiting, and is ended with all
# it started. Nothing is read further than the worker asks for: each stream sends 4 pieces, then one for each `more`.
# Several processes write; lines shorter than 4096 bytes pass a pipe whole.
set -u
umask 077
export PATH="${PATH:-/run/current-system/sw/bin:/bin:/usr/bin:/sbin:/usr/sbin}"

self=$0
# Its own processes run by the shell that it was tested with, commands find what the system has.
shell=${PROCURATOR_AGENT_SHELL:-sh}
base=${PROCURATOR_AGENT_DIR:-/run/procurator-agent}
piece_bytes=2250
window=4
# As many as the worker runs at once, twice: what it has given up may still be ending.
max_commands=16

# decode WORD: its bytes.
decode() {
  [ "$1" = - ] || printf %s "$1" | base64 -d
}

# text TEXT: as a word of one line.
text() {
  word=$(printf %s "$1" | tail -c 1500 | base64 | tr -d '\n')
  echo "${word:--}"
}

# pump KIND SESSION ID TOKENS: standard input to the worker, as fast as it says `more`.
pump() {
  exec 4<>"$4"
  sent=0
  while :; do
    piece=$(dd bs=$piece_bytes count=1 2>/dev/null | base64 | tr -d '\n')
    [ -n "$piece" ] || break
    if [ $sent -lt $window ]; then sent=$((sent + 1)); else read -r _ <&4 || break; fi
    echo "$1 $2 $3 $piece ."
  done
}

# feed SESSION ID: words of standard input to a command's standard input. Asks for each on 9: before that, nobody
# would read it.
feed() {
  while echo "took $1 $2 ." >&9 && read -r word && [ "$word" != . ]; do
    decode "$word" || break
  done
}

# run DIR SESSION ID INPUT ARG...: a command from its beginning to its end.
run() {
  dir=$1 session=$2 id=$3 input=$4
  shift 4
  left=$#
  while [ $left -gt 0 ]; do
    # The full stop keeps line ends at the end of an argument.
    argument=$(decode "$1" && echo .)
    shift
    set -- "$@" "${argument%.}"
    left=$((left - 1))
  done
  exec 9>&1
  mkfifo "$dir/o" "$dir/e" "$dir/out" "$dir/err"
  pump out "$session" "$id" "$dir/out" <"$dir/o" &
  outs=$!
  pump err "$session" "$id" "$dir/err" <"$dir/e" &
  errs=$!
  if [ "$input" = input ]; then
    feed "$session" "$id" <>"$dir/in" | "$@" >"$dir/o" 2>"$dir/e" 9>&- &
  else
    "$@" </dev/null >"$dir/o" 2>"$dir/e" 9>&- &
  fi
  wait $!
  code=$?
  # What is left of its output; as with ssh, whoever still holds it open is waited for.
  wait $outs $errs
  rm -rf "$dir"
  echo "exit $session $id $code ."
}

# switch SESSION ID ACTION TOPLEVEL: one at a time. One that a former worker began is waited for, never ended.
switch() {
  lock=$base/switching
  until mkdir "$lock" 2>/dev/null; do
    read -r holder 2>/dev/null <"$lock/pid" || holder=
    if [ -n "$holder" ] && [ ! -d "/proc/$holder" ]; then rm -rf "$lock"; fi
    sleep 1
  done
  echo $$ >"$lock/pid"
  # To a file: nobody may be there to read it, and a switch must not wait for readers.
  "$4/bin/switch-to-configuration" "$3" </dev/null >"$base/switch.log" 2>&1
  code=$?
  rm -rf "$lock"
  [ ! -s "$base/switch.log" ] || echo "err $1 $2 $(text "$(tail -c 1500 "$base/switch.log")") ."
  echo "exit $1 $2 $code ."
}

# refuse ID WHY
refuse() {
  echo "no $session $1 $(text "$2") ."
}

# end DIR: ends a command and all it started.
end() {
  read -r pid 2>/dev/null <"$1/pid" && kill -9 -- "-$pid" 2>/dev/null
  rm -rf "$1"
}

end_all() {
  for dir in "$here"/*/; do
    [ ! -d "$dir" ] || end "$dir"
  done
}

begin() {
  dir=$here/$1
  set -- "$dir" "$session" "$@"
  running=$(ls "$here" | wc -l)
  if [ "$running" -ge $max_commands ]; then
    refuse "$3" "$running commands are running"
  elif ! mkdir "$dir" 2>/dev/null || { [ "$4" = input ] && ! mkfifo "$dir/in"; }; then
    refuse "$3" "cannot write in $here"
  else
    # Through a process in between: nobody here has to wait for it.
    (
      setsid "$shell" "$self" run "$@" </dev/null &
      echo $! >"$dir/pid"
    )
  fi
}

begin_switch() {
  toplevel=$(decode "$3")
  if [ -x "$toplevel/bin/switch-to-configuration" ]; then
    (setsid "$shell" "$self" switch "$session" "$1" "$2" "$toplevel" </dev/null &)
  else
    refuse "$1" "the guest sees no $toplevel/bin/switch-to-configuration"
  fi
}

# obey VERB WORD...: a line of this session, checked.
obey() {
  case "${2:-}" in '' | *[!0-9]*) return ;; esac
  case "$1" in
  exec) [ $# -lt 4 ] || { shift && begin "$@"; } ;;
  # Read and write: opening never waits, and what nobody reads is lost.
  in) [ ! -p "$here/$2/in" ] || echo "$3" 2>/dev/null 1<>"$here/$2/in" ;;
  eof) [ ! -p "$here/$2/in" ] || echo . 2>/dev/null 1<>"$here/$2/in" ;;
  more)
    case "$3" in out | err) ;; *) return ;; esac
    [ ! -p "$here/$2/$3" ] || echo 2>/dev/null 1<>"$here/$2/$3"
    ;;
  kill) [ ! -d "$here/$2" ] || end "$here/$2" ;;
  switch) [ "$3" != test ] || begin_switch "$2" "$3" "$4" ;;
  esac
}

# serve: obeys standard input. The end of it means that no worker is there: another one may come to a port.
serve() {
  session=
  # Tells the worker whether it is still the same agent that knows its commands.
  instance=$$.$(cut -d ' ' -f 1 /proc/uptime)
  while :; do
    if ! read -r verb said words; then
      [ "$1" = port ] || break
      sleep 0.5
      continue
    fi
    # A line without its full stop was cut off.
    case "$words" in . | *" .") words=${words%.} ;; *) continue ;; esac
    case "$said" in '' | *[!0-9a-f]*) continue ;; esac
    if [ "$verb" = hello ]; then
      [ "$said" = "$session" ] || end_all
      session=$said
      echo "ready $session 1 $instance ."
    elif [ "$said" = "$session" ]; then
      # Split into words on purpose; base64 has no character that a shell would expand.
      obey "$verb" $words
    fi
  done
  end_all
}

# port NAME: the device of a virtio-serial port, when it comes within ten seconds.
port() {
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    for found in /sys/class/virtio-ports/*; do
      if [ -r "$found/name" ] && [ "$(cat "$found/name")" = "$1" ]; then
        echo "/dev/${found##*/}"
        return
      fi
    done
    sleep 1
  done
  return 1
}

case "${1:-}" in
run | switch) "$@" ;;
'') echo "usage: agent.sh NAME|-" >&2 && exit 2 ;;
*)
  # Any program of the guest can connect to a vsock port of its own; systemd says who did.
  if [ "${PROCURATOR_AGENT_PEER:-${REMOTE_ADDR:-}}" != "${REMOTE_ADDR:-}" ]; then
    echo "procurator: refused ${REMOTE_ADDR:-nobody}: only $PROCURATOR_AGENT_PEER may connect" >&2
    exit 4
  fi
  here=$base/$$
  # One of that number was killed; what it ran has lost its pipe, and ends.
  rm -rf "$here"
  mkdir -p "$here"
  if [ "$1" = - ]; then
    serve connection | cat
  else
    device=$(port "$1") || { echo "procurator: there is no port $1" >&2; exit 3; }
    exec 3<>"$device"
    serve port <&3 | cat >&3
  fi
  rm -rf "$here"
  ;;
esac
