"""Followers with integers: a master problem that grows with the responses found, and the followers at a decision.

``column_and_constraint``  what is refused, where it begins                    ``column_and_constraint.py``
``search``                 the loop: bounds, points, when to stop              ``search.py``
``bounds``                 the bound, the best point, how far apart            ``bounds.py``
``brink``                  from which level on a response can be lost          ``brink.py``
``outcome``                what is said of a search                            ``outcome.py``
``oracle``                 who solves the problems, and what that rests on     ``oracle.py``
``master``                 both levels, and a column for each response         ``master.py``
``column``                 what the follower could do with an integer response ``column.py``
``repair``                 a response moved to what a binary allows            ``repair.py``
``elastic``                when an integer response is out of reach            ``elastic.py``
``switch``                 rows that do not bind where a condition holds       ``switch.py``
``answers``                what followers do at a decision of the master       ``answers.py``
``subproblem``             the followers at a decision, the best response      ``subproblem.py``
``polish``                 points without what tolerances let leak             ``polish.py``
``extent``, ``lattice``    ranges that rows imply; violations in integers      ``extent.py``, ``lattice.py``

``enumeration/`` is for LP followers that see few decisions.
"""
