"""Dialogs over the window: opened with `open()`, never nested, rendered from props."""
