"""Many people at once, over the server's own websocket protocol and without a browser."""
