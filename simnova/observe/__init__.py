"""What a journal shows: the story, tables, diagrams, logs. Reads events and nothing else; imports
no service.
"""
