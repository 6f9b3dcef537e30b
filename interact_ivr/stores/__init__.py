"""Where the state is kept: one transaction a method. Only app.py sees these modules."""
