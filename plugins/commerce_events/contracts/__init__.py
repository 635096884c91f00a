"""What a rendered message must hold before it may leave."""
