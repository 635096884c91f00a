"""Local stand-ins that speak real HTTP on loopback: an Elastic Path store and Segment, with seeded data.

For the demo, the tests and the benchmarks. It imports nothing of the product, so that it cannot share a
misunderstanding with it. Where the documents leave a gap, a stand-in does the harder thing.
"""
