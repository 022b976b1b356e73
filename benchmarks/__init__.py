"""How fast and how big SimNova is: `make bench`, or one part with `python -m benchmarks.boots`."""
