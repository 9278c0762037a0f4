#!/usr/bin/env bash
# Runs a command in a virtual screen of its own, with a window manager, so that focus works as on a desk.
#   packaging/with-display.sh [--size 1280x1024] [--undecorated] COMMAND...
# --undecorated: windows have no title bar, so that one can fill the screen exactly.
set -euo pipefail

size=1280x1024 undecorated=
while [[ ${1:-} == --* ]]; do
    case $1 in
        --size) size=$2; shift 2 ;;
        --undecorated) undecorated=1; shift ;;
        *) echo "with-display: unknown option $1" >&2; exit 2 ;;
    esac
done

work=$(mktemp -d "${TMPDIR:-/tmp}/nomba-display.XXXXXX")
server='' manager='' command=''
finish() {
    local pid
    for pid in $command $manager $server; do kill "$pid" 2>/dev/null || true; done
    for pid in $command $manager $server; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

wait_for() { # FILE PID WHAT
    for _ in $(seq 300); do
        [[ -s $1 ]] && return
        kill -0 "$2" 2>/dev/null || break
        sleep 0.05
    done
    echo "with-display: $3 did not start" >&2
    cat "$work"/*.log >&2 || true
    exit 1
}

# Only who has the cookie may look at the screen.
cookie=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
xauth -q -f "$work/server.auth" add :0 . "$cookie" 2>/dev/null
Xvfb -displayfd 7 -screen 0 "${size}x24" -nolisten tcp -noreset -auth "$work/server.auth" \
    7>"$work/number" >"$work/xvfb.log" 2>&1 &
server=$!
wait_for "$work/number" "$server" Xvfb
DISPLAY=:$(<"$work/number")
export DISPLAY XAUTHORITY=$work/client.auth QT_QPA_PLATFORM=xcb
unset WAYLAND_DISPLAY
xauth -q -f "$XAUTHORITY" add "$DISPLAY" . "$cookie" 2>/dev/null

config=()
if [[ $undecorated ]]; then
    cat >"$work/openbox.xml" <<'XML'
<?xml version="1.0" encoding="UTF-8"?>
<openbox_config xmlns="http://openbox.org/3.4/rc">
  <theme><keepBorder>no</keepBorder></theme>
  <focus><focusNew>yes</focusNew></focus>
  <desktops><number>1</number></desktops>
  <applications><application class="*"><decor>no</decor></application></applications>
</openbox_config>
XML
    config=(--config-file "$work/openbox.xml")
fi
openbox --sm-disable "${config[@]}" --startup "sh -c 'echo up >\"$work/managed\"'" >"$work/openbox.log" 2>&1 &
manager=$!
wait_for "$work/managed" "$manager" openbox

"$@" <&0 &
command=$!
rc=0
wait "$command" || rc=$?
command=''
exit "$rc"
