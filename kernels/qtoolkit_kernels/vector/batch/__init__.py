"""Many parameter values at once: a register holds one amplitude of several members."""
