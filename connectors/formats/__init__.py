"""Partners' formats: parse, then map, purely."""
