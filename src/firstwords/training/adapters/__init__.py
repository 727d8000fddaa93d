"""Ways to train few parameters beside a base that stays as it is, one file each."""
