"""Keys of the unrecovered portrait (`ifrp.recovery.methods.input`): there are none."""

from ifrp.config.methods.fitting import Settings as Settings
