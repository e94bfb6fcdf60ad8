"""The pages, one module for each with what it consists of; each has its `ROUTES`."""
