"""The side door: the `nomba` command. One file per subcommand; no Qt, and no library loaded before it is needed."""
