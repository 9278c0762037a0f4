"""Pages that take the place of table and detail: inspect a token, settings."""
