"""The use cases. No wire words, no SQL: each method reads as the sentence it carries out."""
