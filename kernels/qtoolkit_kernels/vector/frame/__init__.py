"""Near-Clifford circuits, shots in the lanes: sign rows of all shots, and small dense states where they need any."""
