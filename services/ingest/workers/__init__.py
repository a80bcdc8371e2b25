"""The programs that pull: they open the sessions in which flows land what sources read."""
