"""One vault on several machines, as users ask for it: a remote, a sync, and a new machine. Prints nothing."""
