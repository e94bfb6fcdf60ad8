"""How each resource type of the Pulumi program is made in the emulator, one module per service.

Each creator does what the Pulumi provider would: it takes the resource's inputs and returns its
id and outputs. Only the types and properties that the program uses are here; others are refused,
so that the local stack never differs from the one on AWS without a word.
"""
