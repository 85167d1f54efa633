"""How fast, and in how much memory and disk, a recording is listened to: long calls, and bombs."""
