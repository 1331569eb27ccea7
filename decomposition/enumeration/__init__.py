"""Followers that see integers only: every joint value of these is looked at, once, and the list is the proof.

``entry``        when it is used, and what is said of the answer               ``entry.py``
``asking``       what of a request it has no use for                           ``asking.py``
``arrays``       both levels in coefficients, the decision apart               ``arrays.py``
``scaling``      the same in units in which entries are near 1                 ``scaling.py``
``decisions``    the joint values that the leader's own rows leave             ``decisions.py``
``response``     the followers' LP at one after the other, from the last basis ``response.py``
``completion``   the best of all responses and prices for the leader           ``completion.py``
``search``       the list, gone through                                        ``search.py``
"""
