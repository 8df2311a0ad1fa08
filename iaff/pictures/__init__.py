"""What makes pixels of a picture's bytes, in whichever process: containers, TIFF's tags, modes. Use ``iaff.images``."""
