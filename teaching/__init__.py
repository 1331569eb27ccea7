"""Teaching: the transformation step by step, pictures, and grading of models made by hand."""
