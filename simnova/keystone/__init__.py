"""Keystone: who there is, in which projects, with which roles; tokens that say so (identity API v3)."""
