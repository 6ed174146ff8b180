"""Minutes by road: weights of stretches, schools put on the network, shortest paths."""
