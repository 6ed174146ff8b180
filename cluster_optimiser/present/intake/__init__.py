"""What a new authority consists of: its files, its README, the account and the page to check."""
