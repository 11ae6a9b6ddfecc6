#!/usr/bin/env bash
# Snakemake runs this in the new environment, from the project's root, for two things that environment.yml cannot say, as
# its paths would be relative to .snakemake/conda: versions of all that the direct dependencies bring, and the package.
set -euo pipefail
python -m pip install --constraint constraints.txt --editable ".[paper]"
