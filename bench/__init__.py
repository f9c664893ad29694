"""Speed, as ratios measured in one run beside what it is compared to: `make bench`, or `python -m bench NAME…`."""
