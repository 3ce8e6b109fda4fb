"""How a batch is carried out; what comes of it is in ``scckit.batches``.

``jobs`` are what is to be done, as plain values. ``course`` is the order of things that all batches keep: what is taken
next, and whether going on makes sense. ``executors`` does jobs in threads of this process or wherever an executor says,
there by ``elsewhere``; ``tasks`` does them on an event loop.
"""
