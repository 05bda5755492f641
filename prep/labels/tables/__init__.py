"""Class tables as the tools write them: names, colours and numbers of classes, in text, JSON and YAML."""
