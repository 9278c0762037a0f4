"""Start-up, CPU and list figures as ratios to a peer or a limit of the same run: `python -m benchmarks`."""
