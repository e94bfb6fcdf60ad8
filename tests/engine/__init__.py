"""The real program under Pulumi's real engine, with stand-ins for what talks to AWS and Docker."""
