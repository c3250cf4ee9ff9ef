"""Starts, says that it is ready, and never opens its port."""
import sys
import time

print("Server starting on port", sys.argv[-1])
while True:
    time.sleep(60)
