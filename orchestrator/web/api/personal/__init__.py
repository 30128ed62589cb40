"""Personal links, the page of a focal point, who comes for a delegation."""
