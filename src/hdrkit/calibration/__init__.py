"""How a camera maps light to code values."""
