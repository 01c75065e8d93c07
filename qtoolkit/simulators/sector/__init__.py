"""States of a fixed number of particles: circuits as steps on the amplitudes of one sector."""
