#!/usr/bin/env bash
# The half of check-deb.sh that runs inside the machine root. Leaves the self-test's result in /var/tmp.
set -euo pipefail
begun=$SECONDS
step() { echo "check-deb:   $((SECONDS - begun)) s: $*"; }
fail() { echo "check-deb: $*" >&2; exit 1; }
no_python() {
    if found=$(find / -xdev \( -name 'python[0-9]*' -o -name python \) -path '*/bin/*' 2>/dev/null) && [[ $found ]]; then
        fail "there is a Python in the machine root: $found"
    fi
    if dpkg-query -W -f '${Package} ${db:Status-Status}\n' 'python*' 'libpython*' 2>/dev/null | grep ' installed$'; then
        fail "there are Python packages in the machine root"
    fi
}
apt="apt-get -qq -o Dpkg::Use-Pty=0"

no_python
$apt update
$apt install -y /tmp/package.deb >/tmp/apt.log 2>&1 || { cat /tmp/apt.log; fail "apt did not install it"; }
step "installed, $(grep -c '^Setting up' /tmp/apt.log) packages with what it depends on"

# Before anything else is there: each library finds what it needs.
while read -r file; do
    case $(LD_LIBRARY_PATH=/usr/lib/nomba-desktop/_internal ldd "$file" 2>&1) in
        *"not found"*) ldd "$file"; fail "$file lacks a library" ;;
    esac
done < <(find /usr/lib/nomba-desktop -name '*.so*' -type f)
[[ $(nomba --version) == "nomba $(dpkg-query -W -f '${Version}' nomba-desktop)" ]] || fail "nomba --version"

$apt install -y xvfb xauth xdotool dbus-daemon dbus-bin gnome-keyring >/tmp/apt.log 2>&1 ||
    { cat /tmp/apt.log; fail "apt did not install the stage"; }
step "stage built: screen, bus, keyring"
no_python

useradd --create-home tester
home=$(getent passwd tester | cut -d: -f6)
cat >/tmp/as-tester.sh <<'TESTER'
set -euo pipefail
gnome-keyring-daemon --foreground --unlock --components=secrets < <(printf %s test-password) >"$HOME/keyring.log" 2>&1 &
keyring=$!
for _ in $(seq 200); do
    dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \
        string:org.freedesktop.secrets 2>/dev/null | grep -q 'boolean true' && break
    sleep 0.05
done
rc=0
timeout 120 xvfb-run -a -s "-screen 0 1280x1024x24 -nolisten tcp" nomba-desktop --selftest >"$HOME/selftest.json" || rc=$?
left=$(find "$HOME/.local/share" "$HOME/.config" -name '*nomba*' 2>/dev/null || true)
[[ ! $left ]] || { echo "the self-test left: $left" >&2; rc=9; }
# The window itself, on nothing yet and on the practice server: it appears, is quiet, and ends when told.
cat >"$HOME/window.sh" <<'WINDOW'
nomba-desktop "$@" >"$HOME/window.log" 2>&1 & window=$!
timeout 60 xdotool search --sync --onlyvisible --name 'Nomba Desktop' >/dev/null || { echo "no window appeared"; exit 1; }
kill -TERM "$window"
wait "$window" || { echo "the window ended with $?"; exit 1; }
if grep -v '^Practice window: ' "$HOME/window.log" >/dev/null; then echo "the window said:"; exit 1; fi
WINDOW
for option in '' --practice; do
    xvfb-run -a -s "-screen 0 1280x1024x24 -nolisten tcp" bash "$HOME/window.sh" $option >&2 ||
        { cat "$HOME/window.log" >&2; rc=6; }
done
[[ $(stat -c %a "$HOME/.local/share/nomba-desktop") == 700 ]] || { echo "the data directory is not private" >&2; rc=5; }
# The command: a practice server that says where it is and ends when told.
nomba practice --port 0 --samples >"$HOME/practice.log" 2>&1 & practice=$!
for _ in $(seq 200); do grep -q '^Practice server on http://127.0.0.1:' "$HOME/practice.log" && break; sleep 0.05; done
grep '^Practice server on' "$HOME/practice.log" || { cat "$HOME/practice.log" >&2; rc=8; }
kill -TERM "$practice"
wait "$practice" || [[ $? == 143 ]] || rc=7
kill "$keyring"
wait "$keyring" || true
exit "$rc"
TESTER
mkdir -m 700 /tmp/run-tester
chown tester: /tmp/run-tester
rc=0
runuser -u tester -- env -i HOME="$home" USER=tester PATH=/usr/bin:/bin LC_ALL=C.UTF-8 XDG_RUNTIME_DIR=/tmp/run-tester \
    dbus-run-session -- bash /tmp/as-tester.sh || rc=$?
cp "$home/selftest.json" /var/tmp/selftest.json
((rc == 0)) || { cat /var/tmp/selftest.json; fail "the self-test ended with $rc"; }
step "self-test run as an ordinary user"

$apt purge -y nomba-desktop >/dev/null 2>&1
left=$(find / -xdev -path /proc -prune -o -iname '*nomba*' -print | grep -vE '^/(tmp|home|var/tmp|var/lib/dpkg|var/cache)/' || true)
[[ ! $left ]] || fail "removing the package left: $left"
step "removed without a trace"
