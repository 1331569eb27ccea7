"""Teaching: three programs, and the polynomials and statements that grading and drawing share.

============  =====================================================================
``explain/``  the transformation step by step, in the model's own names
``grade/``    models made by hand, graded; exercises
``draw/``     pictures of small models
============  =====================================================================
"""
