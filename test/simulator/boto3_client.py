"""Asks the simulator with boto3, AWS's own client for Python, and prints the answers as JSON."""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, role_arn, external_id, start, end, today, horizon = sys.argv[1:]
CONFIG = Config(retries={"max_attempts": 1})
KEYS = {"aws_access_key_id": "AKIAPAYER", "aws_secret_access_key": "secret"}


def client(service, region, keys):
    return boto3.client(service, region_name=region, endpoint_url=endpoint, config=CONFIG, **keys)


def refusal(call, **parameters):
    try:
        call(**parameters)
    except ClientError as error:
        return {
            "code": error.response["Error"]["Code"],
            "message": error.response["Error"]["Message"],
            "status": error.response["ResponseMetadata"]["HTTPStatusCode"],
        }
    return None


def pages(ce, **query):
    found, token = [], {}
    while True:
        page = ce.get_cost_and_usage(**query, **token)
        found.append(page)
        if "NextPageToken" not in page:
            return found
        token = {"NextPageToken": page["NextPageToken"]}


def flat(found):
    return [
        [result["TimePeriod"]["Start"], *group["Keys"], group["Metrics"]["BlendedCost"]["Amount"]]
        for page in found
        for result in page["ResultsByTime"]
        for group in result["Groups"]
    ]


sts = client("sts", "eu-central-1", KEYS)
ce = client("ce", "us-east-1", KEYS)
query = {
    "TimePeriod": {"Start": start, "End": end},
    "Granularity": "DAILY",
    "Metrics": ["BlendedCost"],
    "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "DIMENSION", "Key": "LINKED_ACCOUNT"}],
}
forecast = {"TimePeriod": {"Start": today, "End": horizon}, "Granularity": "DAILY", "Metric": "BLENDED_COST"}

role = {"RoleArn": role_arn, "RoleSessionName": "boto3"}
assumed = sts.assume_role(**role, ExternalId=external_id)
temporary = {
    "aws_access_key_id": assumed["Credentials"]["AccessKeyId"],
    "aws_secret_access_key": assumed["Credentials"]["SecretAccessKey"],
    "aws_session_token": assumed["Credentials"]["SessionToken"],
}
payer_pages = pages(ce, **query)
print(
    json.dumps(
        {
            "identity": sts.get_caller_identity()["Arn"],
            "assumed": client("sts", "us-east-1", temporary).get_caller_identity()["Account"],
            "expiration": assumed["Credentials"]["Expiration"].isoformat(),
            "pages": len(payer_pages),
            "groups": flat(payer_pages),
            "estimated": [r["Estimated"] for r in payer_pages[-1]["ResultsByTime"]][-1],
            "names": {
                value["Value"]: value["Attributes"].get("description")
                for page in payer_pages
                for value in page["DimensionValueAttributes"]
            },
            "member_groups": flat(pages(client("ce", "us-east-1", temporary), **query)),
            "forecast": ce.get_cost_forecast(**forecast, PredictionIntervalLevel=80)["ForecastResultsByTime"],
            "forecast_total": ce.get_cost_forecast(**forecast)["Total"],
            "refused": {
                "external id": refusal(sts.assume_role, **role, ExternalId="other"),
                "metric": refusal(ce.get_cost_and_usage, **{**query, "Metrics": ["Blended"]}),
                "changed": refusal(
                    ce.get_cost_and_usage,
                    **{**query, "Metrics": ["BlendedCost", "AmortizedCost"]},
                    NextPageToken=payer_pages[0]["NextPageToken"],
                ),
                "token": refusal(ce.get_cost_and_usage, **query, NextPageToken="garbage"),
                "region": refusal(client("ce", "eu-west-1", KEYS).get_cost_and_usage, **query),
                "secret": refusal(
                    client("ce", "us-east-1", {**KEYS, "aws_secret_access_key": "guess"}).get_cost_and_usage, **query
                ),
            },
        }
    )
)
