"""Who may do what: tokens, chains of them, epochs and invites."""
