"""Method merge: set partitioning over candidate groups, and versions of an option."""
