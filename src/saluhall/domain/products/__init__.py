"""Products: what a seller sells, whichever dialect it was pushed through."""
