"""Many shots of a noisy circuit on state vectors, those that noise treats alike in one run."""
