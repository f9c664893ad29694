"""The YAML edge: files → scenarios as understood. PyYAML and the standard library."""
