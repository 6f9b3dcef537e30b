"""What the documentation takes from the code, and its pictures."""
