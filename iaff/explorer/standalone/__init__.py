"""The page of one photo as a single HTML file, and what a view of it can be told."""
