"""How the conversation with the server is held. ``Session`` holds it; drivers perform what it asks for."""
