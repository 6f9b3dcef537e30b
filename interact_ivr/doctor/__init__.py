"""What is wrong, and what to do: facts are gathered, and checks say what they mean."""
