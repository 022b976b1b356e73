"""The way from a user to a server's console (`nova/console`)."""
