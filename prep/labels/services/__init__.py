"""Exports of services that hold the photos of many people: JSON files with polygons, often as shares of the image."""
