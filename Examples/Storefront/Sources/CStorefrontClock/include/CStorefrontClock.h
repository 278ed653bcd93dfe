// It has no functions of its own: it stands in for those of the system.
