"""What an operating system needs of us, as files: a unit, a user, folders. `print` gives them."""
