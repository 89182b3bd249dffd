"""The commands and forms in which admins set what holds from then on."""
