"""Where the progress of a training run is shown or recorded, one file each."""
