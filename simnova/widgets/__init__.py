"""What a notebook shows and lets people touch; the only room that needs Jupyter."""
