"""Images and masks in the layouts of other tools."""
