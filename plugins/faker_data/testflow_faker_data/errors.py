"""What is wrong with the type of a field."""


class FieldTypeError(Exception):
    """A type is not one of the known ones; the message says what is wrong and what would be right."""
