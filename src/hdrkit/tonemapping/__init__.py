"""Display rendering of radiance."""
