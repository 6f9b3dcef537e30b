"""The HTTP house: everything that speaks HTTP to the outside, and the wire words spoken there."""
