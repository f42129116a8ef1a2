"""A folder watched for years: new photographs, complete brackets, and whatever goes wrong meanwhile."""
