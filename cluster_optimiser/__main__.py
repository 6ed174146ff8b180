"""Run the command line as ``python -m cluster_optimiser``."""

from cluster_optimiser.cli import main

if __name__ == "__main__":
    main()
