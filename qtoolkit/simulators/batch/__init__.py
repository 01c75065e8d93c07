"""Many parameter values of one circuit at once."""
