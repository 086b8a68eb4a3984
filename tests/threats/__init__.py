"""What somebody with bad intentions would try, one test for each way.

Every test names its defence: the line without which it fails.
"""
