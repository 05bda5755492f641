"""A model as a page in the browser, for programs, and for the annotation page."""
