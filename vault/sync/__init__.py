"""One vault on several machines: versions of its items, their merge, and what a machine shows of them."""
