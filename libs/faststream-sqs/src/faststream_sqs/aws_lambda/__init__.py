"""A broker's handlers in AWS Lambda."""

from .handler import LambdaContext, LambdaHandler, make_lambda_handler

__all__ = ("LambdaContext", "LambdaHandler", "make_lambda_handler")
