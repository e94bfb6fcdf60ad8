"""The workload generator: many videos at once, and proof of what became of each.

It sees the pipeline from outside, as its users do: videos go into one bucket, results appear in
another. Of how they are made it knows nothing but what the results say about themselves.
"""
