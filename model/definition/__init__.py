"""What the biology says: species, processes, parameters with units and sources."""
