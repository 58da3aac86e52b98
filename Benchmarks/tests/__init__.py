"""Tests of what the comparison reckons with: readings, ratios, tables. Run by `make test`."""
