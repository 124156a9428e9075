"""Text to document and back: parse, recover, lower, format, edit, and the YAML and JSON twins."""
