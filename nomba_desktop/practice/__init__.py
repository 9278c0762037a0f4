"""The practice server: a local stand-in for Nomba's API to play and test against.

Built from the API facts (sections 1 to 7 and 11) alone. It imports nothing else of ``nomba_desktop``: a fake
that shares the client's parsing proves nothing. "Sandbox" always means Nomba's own; this one is "Practice".
"""
