"""What bots and desks say, checked and made into events of threads: for their webhooks and for the API alike."""
