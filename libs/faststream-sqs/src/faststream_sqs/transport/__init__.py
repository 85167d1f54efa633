"""Another way to SQS than aiobotocore's, for the requests that are made all the time."""
