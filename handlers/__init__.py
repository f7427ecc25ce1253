"""Where the outside comes in: translate, call a service, commit, answer."""
