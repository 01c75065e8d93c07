"""Two states taken back through the operations of sweeps, and the sums that derivatives are made of."""
