"""Evidence and safekeeping: kept questions asked again, backups of everything, logs of other engines taken in."""
