variable "role_name" {
  description = "Name of the role."
  type        = string
  default     = "aws-cost-exporter"
}

variable "capabilities" {
  description = "What the role may do: one policy for each capability."
  type        = set(string)
  default     = ["cost", "forecast", "tags", "optimization", "well-architected"]

  validation {
    condition = alltrue([
      for name in var.capabilities :
      contains(["cost", "forecast", "tags", "optimization", "well-architected"], name)
    ])
    error_message = "Must be of cost, forecast, tags, optimization, well-architected."
  }
}

variable "trust" {
  description = "Who may take the role. eks-pod-identity: a pod by an EKS Pod Identity association. irsa: a pod by the cluster's OIDC provider. principal: trusted_principal_arn."
  type        = string
  default     = "eks-pod-identity"

  validation {
    condition     = contains(["eks-pod-identity", "irsa", "principal"], var.trust)
    error_message = "Must be eks-pod-identity, irsa or principal."
  }
}

variable "namespace" {
  description = "Kubernetes namespace of the exporter (eks-pod-identity, irsa)."
  type        = string
  default     = "monitoring"
}

variable "service_account" {
  description = "Kubernetes ServiceAccount of the exporter (eks-pod-identity, irsa)."
  type        = string
  default     = "aws-cost-exporter"
}

variable "cluster_name" {
  description = "Name of the EKS cluster (eks-pod-identity)."
  type        = string
  default     = ""
}

variable "oidc_provider" {
  description = "Issuer of the cluster without https://, e.g. oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE (irsa)."
  type        = string
  default     = ""
}

variable "oidc_audience" {
  description = "Audience that the OIDC provider was made with (irsa)."
  type        = string
  default     = "sts.amazonaws.com"
}

variable "trusted_principal_arn" {
  description = "ARN of the user or role that may take the role (principal)."
  type        = string
  default     = ""
}

variable "external_id" {
  description = "ExternalId that the principal must send; empty for none (principal)."
  type        = string
  default     = ""
  sensitive   = true
}

variable "target_role_arns" {
  description = "ARNs of the roles of further targets; empty for none."
  type        = list(string)
  default     = []
}
