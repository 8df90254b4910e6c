"""What an account sold and has, in numbers."""
