"""Predictions of trials before anybody looks at what they found."""
