"""Forward and reverse mode over any algebra, and the seven operators made of them."""
