"""What was counted of a service, and how its webhooks fared."""
