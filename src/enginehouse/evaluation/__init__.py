"""The registered analysis: from a frozen panel and a locked protocol to estimates, checks and a verdict in words.

It picks the method that was registered and no other; the methods themselves are in `stats`, the drawing in `reports`.
"""
