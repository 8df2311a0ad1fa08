"""The command line: ``iaff``, or ``python -m iaff``."""
