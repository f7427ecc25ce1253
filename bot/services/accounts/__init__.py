"""An account at E-Learning: made, corrected, frozen, told about, taken away again.

Begin with `accounts`; `provisioning` is how the e-learning system learns of it. Closing ends news
too, so it lives in learners.
"""
