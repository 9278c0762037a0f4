"""`python -m nomba_desktop`: the window."""

from __future__ import annotations

import sys

from nomba_desktop.app.main import main

sys.exit(main())
