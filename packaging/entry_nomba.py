"""What the bundled `nomba` starts (build.spec)."""

import sys

from nomba_desktop.app.console import main

sys.exit(main())
