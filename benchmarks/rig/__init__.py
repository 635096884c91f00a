"""What the questions share: seeded orders, measuring, sinks, and the peers we are measured against."""
