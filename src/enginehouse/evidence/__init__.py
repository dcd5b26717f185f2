"""Evidence: studies of strategies, pooled; the prior of the next cycle; forecasts held against results."""
