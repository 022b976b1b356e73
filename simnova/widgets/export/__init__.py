"""What a player gives away: a page that steps without a kernel, and pictures of a step."""
