"""The parts of ``make soak``: who asks, what fails meanwhile, what is measured and held of it."""
