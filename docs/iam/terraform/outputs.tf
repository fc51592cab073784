output "role_arn" {
  description = "For the annotation of the ServiceAccount (irsa), the Pod Identity association, or roleArn of a target."
  value       = aws_iam_role.exporter.arn
}
