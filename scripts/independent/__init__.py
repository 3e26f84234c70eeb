"""A second verifier of consort's attestations, from docs/protocol.md and docs/formats.md.

Plain Python, standard library only. It shares no code and no table with the C verifier, and whatever it needs to know is in
these two documents: where the two verifiers disagree about a file, one of them, or a document, is wrong.
scripts/verify_independent.py is the program.
"""
