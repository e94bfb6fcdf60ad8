"""What holds for every resource of every stack, as a policy pack of Pulumi's and for the tests."""
