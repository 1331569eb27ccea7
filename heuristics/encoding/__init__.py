"""A decision of the leader as a point of the unit cube, repaired to what the leader's rows say of it alone."""
