"""The sandbox of Linux: resource limits, Landlock, seccomp, and calls that wait for a yes."""
