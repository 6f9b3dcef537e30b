"""The rules, and nothing else: identifiers, a number's life as a table, what can be refused.

Nothing here reads a clock, a file or a socket, and nothing logs; *now* is always an argument.
"""
