"""The function's container image, on a Docker engine: `make image-test`."""
