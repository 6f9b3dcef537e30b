"""The page that an agent leaves open: the call on the phone, and whose interaction it is."""
