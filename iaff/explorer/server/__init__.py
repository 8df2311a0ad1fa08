"""What the browser asks Python for: one function for each question, which answers with one JSON object."""
