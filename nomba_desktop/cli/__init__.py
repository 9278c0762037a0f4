"""The side door: the `nomba` command, without Qt."""
