"""First floor, the habits: async use cases over ports. Imports the domain only."""
