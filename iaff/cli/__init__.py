"""The command line: ``python -m iaff refine | explore | export | doctor``."""
