"""Pages for people, in French."""
