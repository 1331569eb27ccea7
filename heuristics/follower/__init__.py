"""How good a decision of the leader is: the followers' reaction to it, with Pyomo models or compiled into arrays."""
