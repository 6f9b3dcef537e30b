"""The vendor's phone-number details (ICWS), to the letter of seed 003: sessions, and what they ask.

What a program needs to get there is here, too: connection, features, version and the empty poll.
"""
