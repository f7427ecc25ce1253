"""An announcement's life: written, counted, approved, due, rolled out in stages, stopped.

Begin with `campaigns` (the states) and `rollout` (the stages); `series` repeats one by a rule.
"""
