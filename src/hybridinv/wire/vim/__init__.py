"""vSphere: rows of the property collector → records."""
