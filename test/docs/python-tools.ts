/** Python packages that judge docs/iam: AWS's linter of CloudFormation templates, which also knows every IAM action, and a parser of HCL. */
export const IAM_TOOLS = ['cfn-lint==1.58.0', 'python-hcl2==8.1.4'];
