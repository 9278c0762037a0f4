"""Where a secret may be taken out of its `Secret`: file -> number of `.reveal()` calls.

A new entry is a decision about security: say in the commit why the plain value is needed there.
"""

REVEALS: dict[str, int] = {}
