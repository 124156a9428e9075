"""Number formats emulated in floats: values rounded to what a format can hold, in arrays and in graphs."""
