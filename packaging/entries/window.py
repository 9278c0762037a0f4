"""What the bundled `nomba-desktop` starts (build.spec)."""

import os
import sys

from nomba_desktop.app.bundle import restore_environment
from nomba_desktop.app.main import main

restore_environment(os.environ)
sys.exit(main())
