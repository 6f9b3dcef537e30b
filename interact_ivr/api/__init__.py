"""The HTTP house: every API that programs and people reach over HTTP, and what they share."""
