"""Ends before it has opened its port."""
import sys

print("Error: cannot open settings.ini")
sys.exit(1)
