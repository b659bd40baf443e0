"""What operators see: metrics, log events, health."""
