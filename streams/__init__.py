"""From events to views: the engine, its domains, and the release."""
