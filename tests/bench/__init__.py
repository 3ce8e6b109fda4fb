"""Benchmarks: what scckit costs beside what a user would take in its place, both measured in one run, as ratios.

``tox run -e bench`` prints the table. pytest collects nothing here, and no test asserts a time: a busy machine must not
fail a build. Each module holds one subject; those that end in ``_client`` and ``_server`` run in processes of their own.
"""
