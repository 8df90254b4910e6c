"""What needs a person: computed from the facts of orders, offers, connections, endpoints and images, and unreadable entries."""
