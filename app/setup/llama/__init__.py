"""A llama-cpp-python that works on this machine: found as a wheel or compiled here, and tried."""
