"""The YAML edge: files → scenarios as understood. PyYAML and the standard library; pydantic only in `schema.py`."""
