"""The workflow files in `.github/workflows/`: what runs there is what `make` has."""
