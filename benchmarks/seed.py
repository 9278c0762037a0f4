"""Child process: write a profile of signed-in keys to `ROOT`."""

import sys
from pathlib import Path

from benchmarks.profile import make

if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]))
    print("{}")
