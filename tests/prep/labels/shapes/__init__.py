"""Regions of any tool."""
