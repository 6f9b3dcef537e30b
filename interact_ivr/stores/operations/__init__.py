"""What is done in a store, written once for all of them: rules, and SQL by its name."""
