"""The `/local/*` routes and `response_url`: what there is beside Slack's Web API."""
