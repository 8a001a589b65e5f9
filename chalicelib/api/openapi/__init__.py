"""The description of the API, made from what checks requests and what is answered."""
