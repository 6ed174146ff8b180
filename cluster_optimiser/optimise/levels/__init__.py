"""Two levels at once: clusters inside groupings, exact."""
