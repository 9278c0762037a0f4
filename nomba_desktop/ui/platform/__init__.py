"""Qt's own doors to the world: clipboard, waking up, browser. They implement service ports."""
