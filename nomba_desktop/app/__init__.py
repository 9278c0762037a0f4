"""The fuse box: settings, paths, wiring, and the two ways to start."""
