"""Views: what one root contributes to each, as pure functions."""
