"""Exports of services."""
