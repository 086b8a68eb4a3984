"""Resources from files: storages, static files, sitemaps and feeds."""
