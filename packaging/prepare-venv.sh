#!/usr/bin/env bash
# Makes .venv what requirements-dev.lock says, with every hash checked. Does nothing if it already is.
set -euo pipefail
cd "$(dirname "$0")/.."

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

base=
for candidate in "${PYTHON:-python3}" python3.11 python3.12 python3.13 python3.14; do
    if is_new_enough "$candidate"; then base=$candidate; break; fi
done
[[ $base ]] || { echo "prepare-venv: Python 3.11 or newer is needed" >&2; exit 1; }

digest() { "$base" -c 'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())'; }

mkdir -p build
exec 9>build/venv.lock
if command -v flock >/dev/null; then flock 9; fi

bin=.venv/bin
stamp=.venv/prepared
locked=$({ pwd; cat requirements-dev.lock; } | digest)
described=$({ echo "$locked"; cat pyproject.toml; } | digest)
have_lock='' have_description=''
if [[ -f $stamp ]] && is_new_enough $bin/python; then
    { read -r have_lock && read -r have_description; } <$stamp || true
fi
[[ $have_lock == "$locked" && $have_description == "$described" ]] && exit 0

pip() { $bin/python -m pip --disable-pip-version-check --no-input "$@"; }

if [[ $have_lock != "$locked" ]]; then
    echo "prepare-venv: installing from requirements-dev.lock" >&2
    if ! is_new_enough $bin/python || ! pip --version >/dev/null 2>&1; then
        if ! "$base" -c 'import ensurepip, venv' 2>/dev/null; then packaging/prepare-system.sh python; fi
        "$base" -m venv --clear .venv
    fi
    pip install -qq --require-hashes --requirement requirements-dev.lock >&2
fi
# The package itself, editable: built by the locked hatchling, nothing fetched.
pip install -qq --no-deps --no-index --no-build-isolation --editable . >&2
printf '%s\n%s\n' "$locked" "$described" >$stamp
