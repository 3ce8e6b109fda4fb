"""The commands by what they are about. Each is a function of its arguments; what is slow to import is imported in it."""
