"""migrations.toml as it is written; what it amounts to for one run is `bqmigrate.config`."""
