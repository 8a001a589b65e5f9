"""Bringing a package into an AWS account, keeping it there and taking it away again.

Nobody of us has run this against AWS: it is written by AWS's documentation and checked against botocore's models, and
docs/deploying.md says what that leaves open.
"""
