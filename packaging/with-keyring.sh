#!/usr/bin/env bash
# Runs a command with a private home, a private session bus, a real Secret Service (gnome-keyring, unlocked)
# and a virtual screen. Nothing of the user's own keyring or files is in reach; nothing is left running.
#   packaging/with-keyring.sh COMMAND...
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

if [[ ${1:-} == --inside ]]; then
    work=$2
    shift 2
    # The screen is started inside, and the bus outside it: what the bus activates has no DISPLAY, so a locked
    # keyring answers "locked" at once instead of waiting for somebody to fill in a prompt.
    gnome-keyring-daemon --foreground --unlock --components=secrets <"$work/password" >"$work/keyring.log" 2>&1 &
    keyring=$!
    trap 'kill "$keyring" 2>/dev/null || true; wait "$keyring" 2>/dev/null || true' EXIT
    owned=
    for _ in $(seq 200); do
        if dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \
            string:org.freedesktop.secrets 2>/dev/null | grep -q 'boolean true'; then owned=1; break; fi
        sleep 0.05
    done
    if [[ ! $owned ]]; then
        echo "with-keyring: no Secret Service came up" >&2
        cat "$work/keyring.log" >&2
        exit 1
    fi
    rc=0
    NOMBA_PRIVATE_KEYRING=1 "$here/with-display.sh" "$@" || rc=$?
    exit "$rc"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/nomba-test.XXXXXX")

# Everything started below carries the folder's name in its environment, and nothing else on the machine does.
stragglers() {
    local environ pid
    for environ in /proc/[0-9]*/environ; do
        pid=${environ//[!0-9]/}
        if tr '\0' '\n' <"$environ" 2>/dev/null | grep -qxF "NOMBA_TEST_HOME=$work"; then echo "$pid"; fi
    done 2>/dev/null
}
session=''
finish() {
    local pid
    if [[ $session ]]; then
        kill "$session" 2>/dev/null || true
        wait "$session" 2>/dev/null || true
    fi
    for pid in $(stragglers); do kill "$pid" 2>/dev/null || true; done
    for _ in $(seq 40); do
        [[ $(stragglers) ]] || break
        sleep 0.05
    done
    for pid in $(stragglers); do
        echo "with-keyring: still running, ended by force: $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)" >&2
        kill -KILL "$pid" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

mkdir -m 700 "$work"/{run,home,data,config,cache,state}
printf %s private-test-password >"$work/password"
# gnome-keyring 42 ends itself when a client leaves while a property is being read (an assertion of GLib's). The bus
# then starts it again, unlocked like the first one, instead of the locked one that Debian's service file would start.
mkdir -p "$work/data/dbus-1/services"
printf '%s\n' '[D-BUS Service]' 'Name=org.freedesktop.secrets' \
    "Exec=/bin/sh -c 'exec gnome-keyring-daemon --foreground --unlock --components=secrets <$work/password >>$work/keyring.log 2>&1'" \
    >"$work/data/dbus-1/services/org.freedesktop.secrets.service"
env -u WAYLAND_DISPLAY -u DISPLAY -u XAUTHORITY -u DBUS_SESSION_BUS_ADDRESS -u PYTHON_KEYRING_BACKEND -u GNOME_KEYRING_CONTROL \
    NOMBA_TEST_HOME="$work" HOME="$work/home" XDG_RUNTIME_DIR="$work/run" XDG_DATA_HOME="$work/data" \
    XDG_CONFIG_HOME="$work/config" XDG_CACHE_HOME="$work/cache" XDG_STATE_HOME="$work/state" \
    LC_ALL=C.UTF-8 NO_AT_BRIDGE=1 \
    dbus-run-session -- "$here/with-keyring.sh" --inside "$work" "$@" <&0 &
session=$!
rc=0
wait "$session" || rc=$?
session=''
exit "$rc"
