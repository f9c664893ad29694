"""How each framework spells the primitives: data, standard library only."""
