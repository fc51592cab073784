"""Asks the simulator's services beside cost and forecast with boto3 and prints the answers as JSON."""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, region = sys.argv[1:]
KEYS = {"aws_access_key_id": "AKIA222233334444", "aws_secret_access_key": "secret of 222233334444"}
CONFIG = Config(retries={"max_attempts": 1})


def client(service, region="us-east-1"):
    return boto3.client(service, region_name=region, endpoint_url=endpoint, config=CONFIG, **KEYS)


def pages(client, operation, field, **parameters):
    return [item for page in client.get_paginator(operation).paginate(**parameters) for item in page[field]]


def refusal(call, **parameters):
    try:
        call(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


hub = client("cost-optimization-hub")
tagging = client("resourcegroupstaggingapi", region)
review = client("wellarchitected")
ce = client("ce")

workloads = pages(review, "list_workloads", "WorkloadSummaries") if review.can_paginate("list_workloads") else (
    review.list_workloads()["WorkloadSummaries"]
)
first = workloads[0]
plan = ce.get_savings_plans_purchase_recommendation(
    SavingsPlansType="COMPUTE_SP",
    TermInYears="ONE_YEAR",
    PaymentOption="NO_UPFRONT",
    LookbackPeriodInDays="THIRTY_DAYS",
)
reservations = ce.get_reservation_purchase_recommendation(Service="Amazon Relational Database Service")
answers = {
    "status": hub.list_enrollment_statuses()["items"][0]["status"],
    "mode": hub.get_preferences()["savingsEstimationMode"],
    "total": hub.list_recommendation_summaries(groupBy="ActionType")["estimatedTotalDedupedSavings"],
    "recommendations": [
        item["recommendationId"]
        for item in pages(
            hub, "list_recommendations", "items", includeAllRecommendations=True, PaginationConfig={"PageSize": 3}
        )
    ],
    "refreshed": hub.list_recommendations()["items"][0]["lastRefreshTimestamp"].isoformat(),
    "resources": {
        item["ResourceARN"]: {tag["Key"]: tag["Value"] for tag in item["Tags"]}
        for item in pages(
            tagging, "get_resources", "ResourceTagMappingList", PaginationConfig={"PageSize": 2}
        )
    },
    "refused": refusal(tagging.get_resources, ResourcesPerPage=101),
    "workloads": [workload["WorkloadArn"] for workload in workloads],
    "report": [
        metric["WorkloadArn"]
        for metric in pages(
            review,
            "get_consolidated_report",
            "Metrics",
            Format="JSON",
            IncludeSharedResources=True,
            PaginationConfig={"PageSize": 1},
        )
    ]
    if review.can_paginate("get_consolidated_report")
    else [
        metric["WorkloadArn"]
        for metric in review.get_consolidated_report(Format="JSON", IncludeSharedResources=True)["Metrics"]
    ],
    "lenses": [
        review.get_lens_review(WorkloadId=first["WorkloadId"], LensAlias=item["LensAlias"])["LensReview"]["LensArn"]
        for item in review.list_lens_reviews(WorkloadId=first["WorkloadId"])["LensReviewSummaries"]
    ],
    "missing": refusal(review.list_lens_reviews, WorkloadId="0" * 32),
    "rightsizing": ce.get_rightsizing_recommendation(Service="AmazonEC2")["Summary"]["TotalRecommendationCount"],
    "plan": plan["SavingsPlansPurchaseRecommendation"]["SavingsPlansPurchaseRecommendationSummary"],
    "reservations": len(reservations["Recommendations"]),
    "keys": refusal(ce.list_cost_allocation_tags),
}
print(json.dumps(answers))
