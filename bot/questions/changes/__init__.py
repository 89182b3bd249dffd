"""A question that is there already: edited, deleted, its answer continued or given again."""
