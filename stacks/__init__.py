"""The components of the AWS stack, their settings, and the outputs that other commands read."""
