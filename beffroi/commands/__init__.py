"""The commands, one module a family; each loads only what it needs when it runs."""
