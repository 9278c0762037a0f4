"""First floor: habits. Async use cases over ports; no Qt, no I/O library."""
