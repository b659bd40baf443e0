"""Areas and trades: the two ways a reader looks for people who finish a training."""
