"""Bounds from both levels' rows alone, without the followers' optimality, and what a model's separators add to them.

``high_point``   both levels' rows and the valid inequalities that the model offers     ``high_point.py``
``forms``        products by a variable for each linear form that multiplies another    ``forms.py``
``search``       the loop: bound, decision, the followers' answer, rows it violates      ``search.py``
``attempt``      for which models it is tried, and what is said of it                   ``attempt.py``
"""
