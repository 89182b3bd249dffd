"""Shortcuts in a message's menu: it is summarised, translated or asked about, in a form that one
person sees."""
