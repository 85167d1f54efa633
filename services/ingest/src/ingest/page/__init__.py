"""The page for people: its built files, and what a browser may do with anything the door answers."""
