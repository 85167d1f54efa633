"""Who may do what: scopes and roles, API keys, and the record of what was asked for."""
