#!/usr/bin/env bash
# `make bundle`: the program as a folder that needs no Python, dist/nomba-desktop, from the locked environment.
set -euo pipefail
cd "$(dirname "$0")/.."
packaging/prepare-system.sh bundle
packaging/prepare-venv.sh

# The same commit gives the same files.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH PYTHONHASHSEED=1
rm -rf dist/nomba-desktop
.venv/bin/python -m PyInstaller --noconfirm --log-level ERROR --distpath dist --workpath build/pyinstaller build.spec
if [[ $(uname -s) == Linux ]]; then .venv/bin/python packaging/check_bundle.py dist/nomba-desktop; fi
