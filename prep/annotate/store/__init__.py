"""A dataset while people label it: nothing that is drawn is lost or half-written."""
