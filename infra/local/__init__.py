"""The whole platform on this machine: MiniStack runs the packaged template and the real Lambdas.

`infra.local.stack(...)` starts one for a program; `make run` (`__main__`) starts one for a person.
"""

from infra.local.stack import Stack, stack

__all__ = ["Stack", "stack"]
