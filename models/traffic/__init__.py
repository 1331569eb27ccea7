"""Traffic on a road network: assignment to routes, from which stations get their arrivals."""
