"""The form, and the buttons, of plans and trainings."""
