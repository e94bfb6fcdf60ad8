"""Reading a video: its packets and pictures, and which of them are looked at."""
