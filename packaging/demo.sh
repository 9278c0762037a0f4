#!/usr/bin/env bash
# `make demo`: the window on a practice server with about ten keys. Secrets stay in memory; neither the real
# keyring nor the real data directory is touched. Without a display it takes pictures into build/screens/.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ ${DISPLAY:-} || ${WAYLAND_DISPLAY:-} || $(uname -s) != Linux ]]; then
    packaging/prepare-system.sh window
    packaging/prepare-venv.sh
    exec .venv/bin/python -m nomba_desktop.app.demo "$@"
fi

echo "No display here: the demo runs in a virtual one, and pictures of it go to build/screens/."
packaging/prepare-system.sh display
packaging/prepare-venv.sh
mkdir -p build/screens
exec packaging/with-display.sh --size 1280x800 --undecorated \
    .venv/bin/python packaging/take_pictures.py --out build/screens "$@"
