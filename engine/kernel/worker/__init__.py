"""The untrusted side: the zygote and the workers it forks, with the IPython kernel that runs cells."""
