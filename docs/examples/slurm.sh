#!/bin/bash
# A batch as an array of jobs: each runs its share, the last puts everything together.
#   sbatch docs/examples/slurm.sh
#   sbatch --dependency=afterok:JOB --array=0 --export=ALL,TOGETHER=1 docs/examples/slurm.sh
#SBATCH --job-name=clusters
#SBATCH --array=1-8
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=02:00:00
set -euo pipefail
cd "${SLURM_SUBMIT_DIR:-.}"
if [ "${TOGETHER:-}" ]; then
  cluster-optimiser run scenarios --out results --jobs 2 --outputs tables
else
  cluster-optimiser run scenarios --out results --jobs 2 --outputs tables --shard "${SLURM_ARRAY_TASK_ID:-1}/8"
fi
