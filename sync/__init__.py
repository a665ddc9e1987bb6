"""Moving records and blocks between devices."""
