"""The warehouse at the HTTP level: one application, under the official client or on a port."""
