"""All legal plans at once: a decision diagram over covered sets, and what is read off it."""
