# The role of an aws-cost-exporter, or of a target that it takes: read-only, one policy for each capability.
# The policies are the JSON files beside this folder: use the module with the whole of docs/iam.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  oidc_provider_arn = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:oidc-provider/${var.oidc_provider}"
}

data "aws_iam_policy_document" "eks_pod_identity" {
  statement {
    actions = ["sts:AssumeRole", "sts:TagSession"]

    principals {
      type        = "Service"
      identifiers = ["pods.eks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/eks-cluster-name"
      values   = [var.cluster_name]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/kubernetes-namespace"
      values   = [var.namespace]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/kubernetes-service-account"
      values   = [var.service_account]
    }
  }
}

data "aws_iam_policy_document" "irsa" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [local.oidc_provider_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${var.oidc_provider}:aud"
      values   = [var.oidc_audience]
    }

    condition {
      test     = "StringEquals"
      variable = "${var.oidc_provider}:sub"
      values   = ["system:serviceaccount:${var.namespace}:${var.service_account}"]
    }
  }
}

# The session tags of EKS Pod Identity go along when the exporter takes the role of a target: sts:TagSession.
data "aws_iam_policy_document" "principal" {
  statement {
    actions = ["sts:AssumeRole", "sts:TagSession"]

    principals {
      type        = "AWS"
      identifiers = [var.trusted_principal_arn]
    }

    dynamic "condition" {
      for_each = nonsensitive(var.external_id == "") ? [] : ["sts:ExternalId"]

      content {
        test     = "StringEquals"
        variable = condition.value
        values   = [var.external_id]
      }
    }
  }
}

resource "aws_iam_role" "exporter" {
  name        = var.role_name
  description = "aws-cost-exporter, read-only"

  assume_role_policy = {
    "eks-pod-identity" = data.aws_iam_policy_document.eks_pod_identity.json
    "irsa"             = data.aws_iam_policy_document.irsa.json
    "principal"        = data.aws_iam_policy_document.principal.json
  }[var.trust]

  lifecycle {
    precondition {
      condition     = var.trust != "eks-pod-identity" || var.cluster_name != ""
      error_message = "trust eks-pod-identity needs cluster_name."
    }

    precondition {
      condition     = var.trust != "irsa" || var.oidc_provider != ""
      error_message = "trust irsa needs oidc_provider."
    }

    precondition {
      condition     = var.trust != "principal" || var.trusted_principal_arn != ""
      error_message = "trust principal needs trusted_principal_arn."
    }
  }
}

resource "aws_iam_role_policy" "capability" {
  for_each = var.capabilities

  name   = each.key
  role   = aws_iam_role.exporter.id
  policy = file("${path.module}/../${each.key}.json")
}

data "aws_iam_policy_document" "targets" {
  statement {
    sid       = "Targets"
    actions   = ["sts:AssumeRole", "sts:TagSession"]
    resources = var.target_role_arns
  }
}

resource "aws_iam_role_policy" "targets" {
  count = length(var.target_role_arns) > 0 ? 1 : 0

  name   = "targets"
  role   = aws_iam_role.exporter.id
  policy = data.aws_iam_policy_document.targets.json
}
