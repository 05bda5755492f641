"""Files that lie behind a URL: object storage, the web, archives, and folders of this machine in the same words."""
