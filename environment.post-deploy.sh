#!/usr/bin/env bash
# Snakemake runs this in the new environment, from the project's root. `pip: [-e .]` in environment.yml would not do:
# its paths are taken relative to .snakemake/conda.
set -euo pipefail
python -m pip install --no-deps --editable "$PWD"
