"""The real program, its disk cut off at any moment, its calls failing one by one."""
