"""What stands between the server and strangers: which addresses are answered, to whom, and what the page may do."""
