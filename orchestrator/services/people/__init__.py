"""Who a person is: the directory, and the links and tokens that only one person knows."""
