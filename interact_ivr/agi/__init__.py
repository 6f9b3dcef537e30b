"""Everything that speaks AGI: the pure codec, a session, the FastAGI listener, the relay stub."""
