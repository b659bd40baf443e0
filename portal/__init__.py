"""What readers get: pages, data and live feeds."""
