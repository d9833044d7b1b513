"""What will be asked, known before anything is: how much it is, and who is to answer what."""
