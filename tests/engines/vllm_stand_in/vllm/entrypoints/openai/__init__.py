"""Stands where vLLM would: see entrypoints/openai/api_server.py."""
