"""The nouns of the language, in pydantic: the one semantic model that everything else derives from."""
