"""One vault on several machines: a sync with the bucket that they share, in steps that may end at any point."""
