"""Which structure is right, and which trial would tell: predictions, likelihoods, information, designs."""
