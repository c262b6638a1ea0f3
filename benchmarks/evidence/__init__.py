"""Evidence: the claims of the literature, tried, judged and recorded."""
