"""The deployment, derived from `app.py` and the tables: template, policies, package, deploy and the local run.

Nothing in `chalicelib` imports this package. Read in this order: `declared` (what the app says), `limits` (how
much of everything), `template` (both made into CloudFormation), `package`, then `deploy` or `local`.
"""
