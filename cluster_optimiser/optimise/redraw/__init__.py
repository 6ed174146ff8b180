"""Method redraw: schools as units, clusters around hubs, proved by a bound."""
