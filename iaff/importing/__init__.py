"""Files of other methods -> traces: what their programs save, read without running any of it."""
