"""Glance: images and what is known of them, as the image service API v2 has them."""
