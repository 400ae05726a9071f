"""An agent without a model that speaks pi's protocol and follows a script."""
