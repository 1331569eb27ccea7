"""What the leader expects of followers with several (or nearly) optimal responses: optimistic, pessimistic, between."""
