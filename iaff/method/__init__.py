"""The method: its loop, the stages of a round, and what is measured. It names no device and writes no file."""
